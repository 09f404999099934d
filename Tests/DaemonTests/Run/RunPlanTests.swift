import EventLoop
import Glibc
import Testing

@testable import Daemon

@Suite struct RunPlanTests {
    private static let second: Int64 = 1_000_000_000

    private var plan = RunPlan(settle: 0, stopTimeout: 10 * Self.second)

    @Test mutating func aChildThatEndsIsDeregisteredAndItsStatusKept() {
        #expect(plan.handle(.childEnded(.signalled(SIGKILL)), at: 0) == [.deregister])
        #expect(plan.exitStatus == nil)
        #expect(plan.handle(.deregistered, at: 1).isEmpty)
        #expect(plan.exitStatus == 137)
    }

    @Test mutating func theInstanceLeavesBeforeTheChildIsTold() {
        #expect(plan.handle(.signalled(SIGTERM), at: 0) == [.deregister])
        #expect(plan.nextDeadline == nil)
        #expect(plan.handle(.deregistered, at: 5) == [.forward(SIGTERM)])
        #expect(plan.nextDeadline == 5 + 10 * Self.second)
        #expect(plan.handle(.childEnded(.exited(3)), at: 6).isEmpty)
        #expect(plan.exitStatus == 3)
    }

    @Test func consumersAreGivenTimeToNotice() {
        var plan = RunPlan(settle: 2 * Self.second, stopTimeout: Self.second)
        #expect(plan.handle(.signalled(SIGINT), at: 0) == [.deregister])
        #expect(plan.handle(.deregistered, at: 0).isEmpty)
        #expect(plan.nextDeadline == 2 * Self.second)
        #expect(plan.handle(.tick, at: 2 * Self.second - 1).isEmpty)
        #expect(plan.handle(.tick, at: 2 * Self.second) == [.forward(SIGINT)])
        #expect(plan.handle(.tick, at: 3 * Self.second) == [.forward(SIGKILL)])
        #expect(plan.nextDeadline == nil)
        #expect(plan.exitStatus == nil)
        #expect(plan.handle(.childEnded(.signalled(SIGKILL)), at: 4 * Self.second).isEmpty)
        #expect(plan.exitStatus == 137)
    }

    @Test mutating func eachFurtherSignalSkipsAWait() {
        #expect(plan.handle(.signalled(SIGTERM), at: 0) == [.deregister])
        #expect(plan.handle(.signalled(SIGTERM), at: 1) == [.forward(SIGTERM)])
        #expect(plan.handle(.signalled(SIGTERM), at: 2) == [.forward(SIGKILL)])
        #expect(plan.handle(.childEnded(.signalled(SIGKILL)), at: 3).isEmpty)
        #expect(plan.exitStatus == nil)
        #expect(plan.handle(.signalled(SIGTERM), at: 4) == [.giveUp])
        #expect(plan.handle(.deregistered, at: 5).isEmpty)
        #expect(plan.exitStatus == 137)
    }

    @Test mutating func otherSignalsGoStraightToTheChild() {
        #expect(plan.handle(.signalled(SIGHUP), at: 0) == [.forward(SIGHUP)])
        #expect(plan.handle(.childEnded(.exited(0)), at: 1) == [.deregister])
        #expect(plan.handle(.signalled(SIGHUP), at: 2).isEmpty)
    }

    @Test mutating func aChildThatEndsWhileItsInstanceLeavesIsAskedNothing() {
        #expect(plan.handle(.signalled(SIGTERM), at: 0) == [.deregister])
        #expect(plan.handle(.childEnded(.exited(0)), at: 1).isEmpty)
        #expect(plan.handle(.deregistered, at: 2).isEmpty)
        #expect(plan.exitStatus == 0)
    }
}
