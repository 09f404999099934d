internal import EventLoop
internal import HTTPWire

/// `beatd health`: whether a running beatd is ready, for HEALTHCHECK and scripts. Exits 0 or 1, with a line for a
/// person.
enum HealthProgram {
    static var help: String {
        "beatd health: whether a running beatd is ready; exits 0 or 1\n\n"
            + CtlFlags.access.map(SettingsHelp.lines).joined()
    }

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
