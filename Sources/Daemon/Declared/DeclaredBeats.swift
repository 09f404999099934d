public import BeatCore
internal import ControlAPI
internal import JSON

/// Lists the names in a folder, sorted.
public typealias SettingsFolderLister = (_ path: String) -> Result<[String], SettingsFileError>

/// The registrations that the configuration file and the files of `--config-dir` declare, file by file.
public struct DeclaredBeats: Equatable, Sendable {
    /// What one file says.
    public struct File: Equatable, Sendable {
        /// Its path.
        public let path: String
        /// Its registrations; nil while it is broken: what it said before stays.
        public let documents: [RegistrationDocument]?
    }

    /// In the order in which they count.
    public private(set) var files: [File] = []
    /// What is wrong with the files of the folder. A broken one is no reason to leave the others alone.
    public private(set) var faults: [SettingsFault] = []
    /// What is wrong with the configuration file itself.
    private(set) var configurationFaults: [SettingsFault] = []
    /// Which file has a key already.
    private var places: [InstanceKey: String] = [:]
    private let defaultNamespace: String
    private let defaultIP: String?

    /// Nothing declared.
    init(defaultNamespace: String = "public", defaultIP: String? = nil) {
        self.defaultNamespace = defaultNamespace
        self.defaultIP = defaultIP
    }

    /// Takes `"beats"` of the configuration file.
    mutating func add(_ beats: JSONValue, ofConfiguration path: String) {
        guard case .array(let items) = beats else {
            return configurationFaults.append(
                Self.fault("\"beats\" in \(path)", "must be a list of registrations, got \(beats.typeName)"))
        }
        let read = documents(items, path, pointer: "\"beats\"")
        configurationFaults += read.faults
        files.append(File(path: path, documents: read.documents))
    }

    /// Takes the `*.json` files of a folder, each one registration or a list of them.
    mutating func add(folder: String, list: SettingsFolderLister, readFile: SettingsFileReader) {
        switch list(folder) {
        case .success(let names):
            for name in names where name.hasSuffix(".json") && !name.hasPrefix(".") {
                add(file: folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)", readFile)
            }
        case .failure(let error): configurationFaults.append(Self.fault(folder, error.text))
        }
    }

    private mutating func add(file path: String, _ readFile: SettingsFileReader) {
        let (documents, found) = read(path, readFile)
        faults += found
        files.append(File(path: path, documents: found.isEmpty ? documents : nil))
    }

    private mutating func read(
        _ path: String, _ readFile: SettingsFileReader
    ) -> (documents: [RegistrationDocument], faults: [SettingsFault]) {
        switch readFile(path) {
        case .failure(let error): return ([], [Self.fault(path, error.text)])
        case .success(let bytes):
            do throws(JSONError) {
                switch try JSONParser.parse(bytes) {
                case .array(let items): return documents(items, path, pointer: "")
                case let item: return documents([item], path, pointer: nil)
                }
            } catch {
                return ([], [Self.fault(path, error.description)])
            }
        }
    }

    /// `pointer` is what stands before an item's place in a message; nil where there is one item only.
    private mutating func documents(
        _ items: [JSONValue], _ path: String, pointer: String?
    ) -> (documents: [RegistrationDocument], faults: [SettingsFault]) {
        var documents: [RegistrationDocument] = []
        var faults: [SettingsFault] = []
        for (position, item) in items.enumerated() {
            let place = pointer.map { "\($0)/\(position)" } ?? ""
            do throws(DeclaredRegistration.Refusal) {
                var document = try DeclaredRegistration.read(
                    item, defaultNamespace: defaultNamespace, defaultIP: defaultIP,
                    chooseAddress: { AutoAddress.choice($0) })
                document.source = .file
                if let other = places[document.key] {
                    faults.append(
                        Self.fault(
                            "\(path) \(place)", "declares \(document.key.buildKey()), which \(other) has already"))
                }
                places[document.key] = path
                documents.append(document)
            } catch {
                for fault in error.faults {
                    let whole = place + fault.pointer
                    faults.append(Self.fault(whole.isEmpty ? path : "\(whole) in \(path)", fault.detail))
                }
            }
        }
        return (documents, faults)
    }

    private static func fault(_ place: String, _ message: String) -> SettingsFault {
        SettingsFault(kind: .configuration, place: place, message: message)
    }
}

/// Which file each declared registration is from, and what a new reading changes.
struct DeclaredState: Equatable {
    /// What is to be done, removals first so that an address can move from one service to another.
    struct Change: Equatable {
        var remove: [InstanceKey] = []
        var register: [RegistrationDocument] = []
    }

    private(set) var declared: [InstanceKey: String] = [:]

    /// Registrations that a store kept from files, before the first reading: of which file is not known.
    init(restored: [InstanceKey] = []) {
        for key in restored { declared[key] = "" }
    }

    /// The address of a declared registration has changed.
    mutating func move(_ old: InstanceKey, to new: InstanceKey) {
        guard let path = declared.removeValue(forKey: old) else { return }
        declared[new] = path
    }

    /// Takes a new reading. What a broken file said before stays, and so does what may be from it. All documents are
    /// registered again: one that did not change changes nothing.
    mutating func take(_ beats: DeclaredBeats) -> Change {
        var change = Change()
        var next: [InstanceKey: String] = [:]
        let broken = Set(beats.files.filter { $0.documents == nil }.map(\.path))
        for file in beats.files {
            for document in file.documents ?? [] {
                next[document.key] = file.path
                change.register.append(document)
            }
        }
        for (key, path) in declared where next[key] == nil {
            if broken.contains(path) || path.isEmpty && !broken.isEmpty {
                next[key] = path
            } else {
                change.remove.append(key)
            }
        }
        change.remove.sort { $0.buildKey() < $1.buildKey() }
        declared = next
        return change
    }
}
