import Daemon

let invocation = Program.invocation()
let status = Program.run(invocation)
Program.end(status)
