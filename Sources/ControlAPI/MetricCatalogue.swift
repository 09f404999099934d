/// All metrics (control-api.md §5), those whose truth exists in this version, in the order in which they are written.
enum MetricCatalogue {
    static let families: [MetricFamily] =
        ofBeats + ofChecks + ofNacos + ofAPI + ofStorage + ofLoop + ofProcess

    private static let ofBeats: [MetricFamily] = [
        .init(
            "beatd_build_info", .gauge, .state(.buildInfo), ["version", "revision", "swift", "libevent"],
            help: "Always 1; the labels say what runs."),
        .init(
            "beatd_beat_entries", .gauge, .state(.entries), ["state"],
            help: "Registrations by state; the sum is the size of dom2Beat."),
        .init(
            "nacos_monitor", .gauge, .state(.dom2BeatSize), ["module", "name"],
            help: "The size of dom2Beat under the name that the Java client gives it."),
        .init(
            "beatd_beats_sent_total", .counter, .counter(.beatsSent), ["dialect", "mode"],
            help: "Beats on the wire, repeated attempts counted."),
        .init(
            "beatd_beats_total", .counter, .counter(.beats), ["outcome"],
            help: "Scheduled beats by their end, after retries."),
        .init(
            "beatd_beat_duration_seconds", .histogram, .histogram(.beatDuration), ["outcome"],
            help: "Beat latency: from the first byte sent to the answer."),
        .init(
            "beatd_beat_lateness_seconds", .histogram, .histogram(.beatLateness),
            help: "From the instant at which a beat was due to its first byte."),
        .init(
            "beatd_beat_gap_seconds", .histogram, .histogram(.beatGap),
            help: "Between two accepted beats of one registration."),
        .init(
            "beatd_beat_oldest_success_age_seconds", .gauge, .state(.oldestSuccessAge),
            help: "The longest time since an accepted beat among registrations that should be beating."),
        .init(
            "beatd_beats_skipped_total", .counter, .counter(.beatsSkipped), ["reason"],
            help: "Due beats that were not sent."),
        .init(
            "beatd_beat_retries_total", .counter, .counter(.beatRetries), ["reason"],
            help: "Attempts repeated, by what ended the one before."),
        .init(
            "beatd_stale_replies_total", .counter, .counter(.staleReplies),
            help: "Answers to an older generation of a registration, which were ignored."),
        .init(
            "beatd_reregistrations_total", .counter, .counter(.reregistrations), ["reason"],
            help: "Instances registered again."),
        .init(
            "beatd_strayed_registrations_total", .counter, .counter(.strayed),
            help: "Samples of v3 registrations that another node of the cluster did not list."),
        .init(
            "beatd_deregistrations_total", .counter, .counter(.deregistrations), ["result"],
            help: "Deregistrations by their end."),
        .init(
            "beatd_registrations_total", .counter, .counter(.registrations), ["op", "result"],
            help: "Changes of registrations through the API."),
        .init("beatd_tombstones", .gauge, .state(.tombstones), help: "Deletions that Nacos has not confirmed yet."),
    ]

    private static let ofNacos: [MetricFamily] = [
        .init(
            "beatd_nacos_server_up", .gauge, .state(.serverUp), ["server"],
            help: "0 while a server is quarantined, else 1."),
        .init(
            "beatd_nacos_connections", .gauge, .nacos(.connections), ["server", "state"],
            help: "Open connections to a server."),
        .init(
            "beatd_nacos_requests_total", .counter, .nacos(.requests), ["op", "class"],
            help: "Requests to Nacos by the class of the answer's status."),
        .init(
            "beatd_nacos_request_duration_seconds", .histogram, .nacos(.requestDuration), ["op", "class"],
            help: "How long requests to Nacos took."),
        .init(
            "beatd_nacos_dns_lookups_total", .counter, .nacos(.lookups), ["result"],
            help: "Lookups of the servers' names."),
        .init(
            "beatd_nacos_token_expiry_timestamp_seconds", .gauge, .state(.tokenExpiry),
            help: "When the login's token ends, since 1970; 0 without one."),
    ]

    private static let ofAPI: [MetricFamily] = [
        .init(
            "beatd_http_requests_total", .counter, .http(.requests), ["method", "route", "code"],
            help: "Requests to the control API."),
        .init(
            "beatd_http_request_duration_seconds", .histogram, .http(.requestDuration), ["method", "route", "code"],
            help: "How long requests to the control API took."),
        .init(
            "beatd_http_connections", .gauge, .http(.connections), ["listener", "state"],
            help: "Open connections to the control API."),
        .init(
            "beatd_http_connections_rejected_total", .counter, .http(.connectionsRejected), ["reason"],
            help: "Connections to the control API that were not served."),
        .init(
            "beatd_http_streams", .gauge, .http(.streams), ["kind"],
            help: "Answers of the control API that are being written piece by piece: events and exports."),
    ]

    private static let ofStorage: [MetricFamily] = [
        .init(
            "beatd_storage_transactions_total", .counter, .storage(.transactions), ["result"],
            help: "Transactions, each with the changes of all writes that waited."),
        .init(
            "beatd_storage_transaction_duration_seconds", .histogram, .storage(.transactionDuration), ["result"],
            help: "How long transactions took, the sync included."),
        .init(
            "beatd_storage_writable", .gauge, .storage(.writable),
            help: "0 while writes are refused because they cannot be made durable, else 1."),
        .init(
            "beatd_storage_size_bytes", .gauge, .storage(.size),
            help: "The database on the disk, its log included; 0 when nothing is stored."),
    ]

    private static let ofLoop: [MetricFamily] = [
        .init("beatd_loop_turns_total", .counter, .loop(.turns), help: "Turns of the event loop."),
        .init(
            "beatd_loop_busy_seconds_total", .counter, .loop(.busy),
            help: "Time in turns of the event loop, waiting not counted."),
        .init("beatd_loop_stall_seconds", .histogram, .loop(.stall), help: "Turns that delayed beats."),
        .init("beatd_clock_jumps_total", .counter, .loop(.clockJumps), ["direction"], help: "Jumps of the wall clock."),
        .init("beatd_log_messages_total", .counter, .loop(.logMessages), ["level"], help: "Lines written to the log."),
        .init(
            "beatd_log_dropped_total", .counter, .loop(.logDropped),
            help: "Lines dropped because the log was blocked."),
        .init(
            "beatd_config_last_reload_success", .gauge, .loop(.lastReload),
            help: "1 unless the last reading of settings and declared registrations brought a fault."),
    ]

    private static let ofProcess: [MetricFamily] = [
        .init("process_cpu_seconds_total", .counter, .process(.cpu), help: "User and system CPU time."),
        .init("process_open_fds", .gauge, .process(.openDescriptors), help: "Open file descriptors."),
        .init("process_max_fds", .gauge, .process(.maxDescriptors), help: "File descriptors that may be open."),
        .init("process_virtual_memory_bytes", .gauge, .process(.virtualMemory), help: "Virtual memory."),
        .init(
            "process_virtual_memory_max_bytes", .gauge, .process(.maxVirtualMemory),
            help: "Virtual memory that there may be; -1 without a limit."),
        .init("process_resident_memory_bytes", .gauge, .process(.residentMemory), help: "Resident memory."),
        .init(
            "process_start_time_seconds", .gauge, .process(.startTime), help: "When the process began, since 1970."),
    ]
}
