import BeatCore
import HTTPWire
import Testing

@testable import ControlAPI

/// `openapi.yaml` and the tables say the same.
@Suite struct ContractTests {
    private func contract() throws -> Contract { Contract(try Contract.text()) }

    @Test func pathsMethodsAndOperationsAgree() throws {
        let written = try contract().operations.mapValues(\.id)
        let served = Dictionary(
            uniqueKeysWithValues: Route.table.map { ("\($0.method.name) \($0.template)", $0.operation.id) })
        #expect(written == served)
        #expect(Set(served.values) == Set(Route.Operation.allCases.map(\.id)))
    }

    @Test func parametersAgree() throws {
        let contract = try contract()
        for route in Route.table {
            let operation = try #require(contract.operations["\(route.method.name) \(route.template)"])
            let parameters = try operation.parameters.map { try #require(contract.parameters[$0], "\($0)") }
            let inQuery = Set(parameters.filter { $0.place == "query" }.map(\.name))
            let known = route.parameters.map { $0 == .label ? "label" : $0.rawValue }
            #expect(inQuery == Set(known), "\(route.operation)")
            #expect(inQuery.count == parameters.filter { $0.place == "query" }.count, "\(route.operation)")
            let inPath = parameters.filter { $0.place == "path" }.map(\.name)
            #expect(
                inPath.map { "{\($0)}" }
                    == route.template.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0) })
        }
    }

    @Test func statusesAndBodiesAgree() throws {
        let contract = try contract()
        for route in Route.table {
            let operation = try #require(contract.operations["\(route.method.name) \(route.template)"])
            #expect(operation.statuses == route.statuses.map { String($0) } + ["default"], "\(route.operation)")
            #expect(operation.hasBody == (route.body != .none), "\(route.operation)")
        }
    }

    @Test func fieldsAgree() throws {
        let properties = try contract().properties
        let input = RegistrationField.allCases.map(\.rawValue)
        #expect(properties["RegistrationInput"] == input)
        #expect(properties["Check"] == CheckField.names)
        #expect(properties["Registration"] == input.filter { $0 != "result" })
    }

    @Test func valuesAgree() throws {
        let enums = try contract().enums
        #expect(enums["State"] == RegistrationState.allCases.map { "\($0.label)" })
        #expect(enums["Outcome"] == BeatOutcome.allCases.map { "\($0.label)" })
        #expect(enums["CheckType"] == Check.Kind.allCases.map { "\($0.label)" })
        #expect(enums["Verdict"] == CheckVerdict.allCases.map { "\($0.label)" })
        #expect(enums["MaintenanceMode"] == Maintenance.Mode.allCases.map(\.rawValue))
        #expect(enums["LogLevel"] == LogLevelLabel.allCases.map { "\($0.label)" })
        #expect(enums["EventType"] == Event.Kind.allCases.map(\.rawValue))
        #expect(enums["LoginState"] == LoginView.State.allCases.map(\.rawValue))
        #expect(enums["OnUnhealthy"] == ["stop", "disable", "deregister"])
        #expect(enums["Problem"] == ProblemType.allCases.map { "/problems/\($0.slug)" })
    }

    @Test func noAnswerHasAStatusThatItsRouteDoesNotList() throws {
        let api = InProcessAPI()
        for input in BadInput.all {
            var fields = HTTPFields()
            if let type = input.contentType { fields.append("Content-Type", type) }
            let response = try api.send(input.method, input.target, fields, body: input.body)
            guard let route = api.lastRoute, response.status != 405 else { continue }
            #expect(route.statuses.contains(response.status), "\(input.name): \(response.status) of \(route.operation)")
        }
    }
}
