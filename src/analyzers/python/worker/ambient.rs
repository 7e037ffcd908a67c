//! State outside the project that code can change: the environment, random numbers, the decimal
//! context, a patched library. A statement that changes it is kept where the slice uses it.

use super::effects::changes;
use crate::model::Name;

/// Marks a dotted origin outside the project among included names.
pub const OUTSIDE: &str = "ext:";

/// State that any code may lean on.
const EVERYTHING: &str = "*";

/// Functions that change state of their library, and what they change.
const SETTERS: &[(&str, &str)] = &[
    ("asyncio.set_event_loop_policy", "asyncio"),
    ("codecs.register", EVERYTHING),
    ("codecs.register_error", EVERYTHING),
    ("copyreg.pickle", "copyreg"),
    ("csv.field_size_limit", "csv"),
    ("csv.register_dialect", "csv"),
    ("decimal.setcontext", "decimal"),
    ("gettext.bindtextdomain", "gettext"),
    ("gettext.install", "gettext"),
    ("gettext.textdomain", "gettext"),
    ("locale.setlocale", "locale"),
    ("logging.addLevelName", "logging"),
    ("logging.basicConfig", "logging"),
    ("logging.captureWarnings", "logging"),
    ("logging.config.dictConfig", "logging"),
    ("logging.config.fileConfig", "logging"),
    ("logging.disable", "logging"),
    ("logging.setLoggerClass", "logging"),
    ("mimetypes.add_type", "mimetypes"),
    ("numpy.random.seed", "numpy"),
    ("os.chdir", EVERYTHING),
    ("os.putenv", "os.environ"),
    ("random.seed", "random"),
    ("random.setstate", "random"),
    ("socket.setdefaulttimeout", "socket"),
    ("sqlite3.register_adapter", "sqlite3"),
    ("sqlite3.register_converter", "sqlite3"),
    ("sys.set_int_max_str_digits", EVERYTHING),
    ("sys.setrecursionlimit", EVERYTHING),
    ("threading.stack_size", "threading"),
    ("time.tzset", "time"),
    ("urllib.request.install_opener", "urllib"),
    ("warnings.filterwarnings", "warnings"),
    ("warnings.resetwarnings", "warnings"),
    ("warnings.simplefilter", "warnings"),
    ("xml.etree.ElementTree.register_namespace", "xml"),
];

/// The included-name key of an origin outside the project.
pub fn key(path: &str) -> Name {
    format!("{OUTSIDE}{path}").into()
}

/// What calling a function outside the project changes.
pub fn changed_by_calling(path: &str) -> Option<Name> {
    if let Ok(at) = SETTERS.binary_search_by_key(&path, |(name, _)| name) {
        return SETTERS.get(at).map(|(_, state)| key(state));
    }
    // `os.environ.update(…)`, `sys.path.insert(…)`
    let (object, method) = path.rsplit_once('.')?;
    let is_state = object.contains('.') && !object.starts_with("builtins.") && changes(method);
    is_state.then(|| key(object))
}

/// Whether a slice leans on changed state; `uses` knows the origins that it uses, and all that
/// they begin with.
pub fn is_used(state: &str, uses: &dyn Fn(&str) -> bool) -> bool {
    let root = state.split('.').next().unwrap_or(state);
    match root {
        EVERYTHING => true,
        // Much of it has nothing to do with the rest.
        "os" if state.starts_with("os.environ") => [
            "os.environ",
            "os.getenv",
            "os.environb",
            "os.path.expandvars",
            "os.path.expanduser",
            "os.system",
            "os.popen",
            "subprocess",
        ]
        .iter()
        .any(|name| uses(name)),
        "os" | "sys" | "builtins" => uses(state),
        "copyreg" => ["copyreg", "copy", "pickle"].iter().any(|name| uses(name)),
        _ => uses(root),
    }
}

/// Words without which a module's text cannot change what the slice leans on.
pub fn words(uses: &dyn Fn(&str) -> bool) -> Vec<Name> {
    let mut words: Vec<&str> = Vec::new();
    if is_used("os.environ", uses) {
        words.extend(["environ", "putenv"]);
    }
    if uses("random") {
        words.push("seed");
    }
    if uses("decimal") {
        words.extend(["getcontext", "setcontext"]);
    }
    words.into_iter().map(Name::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setters_are_sorted_and_state_is_matched_by_its_library() {
        assert!(SETTERS.is_sorted());
        assert_eq!(changed_by_calling("random.seed").as_deref(), Some("ext:random"));
        assert_eq!(changed_by_calling("os.environ.update").as_deref(), Some("ext:os.environ"));
        assert_eq!(changed_by_calling("time.sleep"), None);
        assert!(is_used("json.JSONEncoder", &|name| name == "json"));
        assert!(is_used("os.environ", &|name| name == "os.getenv"));
        assert!(!is_used("os.environ", &|name| name == "os" || name == "os.path"));
    }
}
