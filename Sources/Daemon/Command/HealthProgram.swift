internal import EventLoop
internal import HTTPWire

/// `beatd health`: whether a running beatd is ready, for HEALTHCHECK and scripts. Exits 0 or 1, with a line for a
/// person.
enum HealthProgram {
    static func run(_ access: ControlAccess) -> Int32 {
        do throws(CtlFailure) {
            let caller: ControlCaller
            do throws(EventLoopError) {
                caller = try ControlCaller(access)
            } catch {
                throw CtlFailure(text: "\(error)", exit: .server)
            }
            let response = try caller.ask(.get, "/readyz")
            let text = String(decoding: response.body, as: UTF8.self)
            guard response.status == 200 else {
                CommandLineOutput.error("not ready: \(text)")
                return 1
            }
            CommandLineOutput.line(text)
            return Program.Exit.ok
        } catch {
            CommandLineOutput.error("beatd: \(error.text)")
            return 1
        }
    }
}
