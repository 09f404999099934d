import Daemon

// In one line: what is asked for must not outlive the run, or a leak checker finds it at the exit.
let status = Program.run(Program.invocation())
Program.end(status)
