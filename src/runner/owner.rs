//! Which workbench owns what: a token that tells, after any crash, whether the process that made
//! a run, a directory or a container still lives.

use std::fs;
use std::sync::OnceLock;

/// `<pid>-<start time>-<boot id>`: a recycled pid or a reboot never looks like the old owner.
pub fn token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| {
        let pid = std::process::id();
        format!("{pid}-{}-{}", start_time(pid).unwrap_or_default(), boot_id())
    })
}

/// Whether the workbench that made `token` still runs on this machine.
pub fn is_alive(token: &str) -> bool {
    let mut parts = token.splitn(3, '-');
    let (Some(pid), Some(start), Some(boot)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Ok(pid) = pid.parse::<u32>() else { return false };
    boot == boot_id() && start_time(pid).is_some_and(|now| now.to_string() == start)
}

/// Names this machine on labels of containers, which several machines' workbenches may share.
pub fn machine() -> &'static str {
    static MACHINE: OnceLock<String> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let id = fs::read_to_string("/etc/machine-id").unwrap_or_default();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        blake3::hash(format!("{}\0{}", id.trim(), host.trim()).as_bytes()).to_hex()[..12].into()
    })
}

fn boot_id() -> &'static str {
    static BOOT: OnceLock<String> = OnceLock::new();
    BOOT.get_or_init(|| {
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        id.chars().filter(char::is_ascii_hexdigit).take(8).collect()
    })
}

/// When a process started, in clock ticks since boot; `None` when it is gone or a zombie.
fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    (state != "Z").then_some(())?;
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_living_from_the_dead() {
        assert!(is_alive(token()));
        let mut parts: Vec<String> = token().split('-').map(String::from).collect();
        parts[1] = "1".into();
        assert!(!is_alive(&parts.join("-")), "a recycled pid is another process");
        assert!(!is_alive("nonsense"));
    }
}
