//! Judges `cfg` predicates without a build: Linux on x86-64, all features on, no `test`, `loom`,
//! `miri` or nightly. Used to prefer one of several definitions of a name, never to hide code.

use rustc_hash::FxHashMap;

use crate::model::facts::rust::modules::Cfg;

/// The predicates that a crate's own macros put on items (`cfg_rt! { … }`).
pub type Gates<'a> = FxHashMap<&'a str, &'a Cfg>;

const MAX_DEPTH: u32 = 32;

pub fn holds(cfg: &Cfg, gates: &Gates<'_>) -> bool {
    judge(cfg, gates, 0)
}

fn judge(cfg: &Cfg, gates: &Gates<'_>, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return true;
    }
    let judge = |cfg: &Cfg| judge(cfg, gates, depth + 1);
    match cfg {
        Cfg::All(parts) => parts.iter().all(judge),
        Cfg::Any(parts) => parts.iter().any(judge),
        Cfg::Not(inner) => !judge(inner),
        Cfg::Flag(name) => {
            matches!(&**name, "unix" | "debug_assertions" | "overflow_checks" | "panic_unwind")
        }
        Cfg::Value(name, value) => match &**name {
            "through" => gates.get(&**value).is_none_or(|gate| judge(gate)),
            "feature" => !matches!(&**value, "nightly" | "unstable"),
            "target_os" => &**value == "linux",
            "target_family" => &**value == "unix",
            "target_arch" => &**value == "x86_64",
            "target_pointer_width" => &**value == "64",
            "target_endian" => &**value == "little",
            "target_env" => &**value == "gnu",
            "target_has_atomic" => true,
            "target_feature" => &**value == "sse2",
            "panic" => &**value == "unwind",
            _ => false,
        },
    }
}
