//! Processes as `/proc` shows them: what a tree uses, and how to end all of it.

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// What a process and its descendants use at this moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Resident bytes of the whole tree.
    pub resident: u64,
    /// The most the first process itself ever had resident.
    pub peak: u64,
    pub processes: usize,
}

/// Measures a process tree; zero for one that is gone.
pub fn tree_usage(pid: u32) -> Usage {
    let mut usage = Usage::default();
    for member in tree(pid) {
        let Ok(status) = fs::read_to_string(format!("/proc/{member}/status")) else { continue };
        usage.processes += 1;
        usage.resident += field_bytes(&status, "VmRSS:");
        if member == pid {
            usage.peak = field_bytes(&status, "VmHWM:");
        }
    }
    usage
}

fn field_bytes(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_ascii_whitespace().next());
    number.and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// A process and all its descendants, parents first.
fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut next = 0;
    while next < found.len() && found.len() < 10_000 {
        let member = found[next];
        next += 1;
        let Ok(threads) = fs::read_dir(format!("/proc/{member}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children = children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
            let fresh: Vec<u32> = children.filter(|child| !found.contains(child)).collect();
            found.extend(fresh);
        }
    }
    found
}

/// Processor time of a process and its reaped children; works on a zombie too.
pub fn cpu_ms(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks: u64 = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Some(ticks as f64 * 1000.0 / per_second as f64)
}

/// Asks a whole group to end.
pub fn terminate_group(leader: u32) {
    if let Some(pid) = as_pid(leader) {
        let _ = kill_process_group(pid, Signal::TERM);
    }
}

/// Ends a worker and everything it started: its group, its descendants, and those that left both
/// but still carry `METASCOPE_WORKER=<token>` in their environment.
///
/// The leader must not have been reaped yet, so that its pid is still its own.
pub fn kill_worker(leader: u32, token: &str) {
    let members = tree(leader);
    if let Some(pid) = as_pid(leader) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    for member in members.into_iter().filter_map(as_pid) {
        let _ = kill_process(member, Signal::KILL);
    }
    kill_marked("METASCOPE_WORKER", token);
}

/// Kills every process of this user whose initial environment holds `name=value`, until none is
/// found: one that forks while we look is found the next time round.
pub fn kill_marked(name: &str, value: &str) {
    let mark = format!("{name}={value}");
    for round in 0..20 {
        let found = marked(mark.as_bytes());
        if found.is_empty() {
            return;
        }
        for pid in found.into_iter().filter_map(as_pid) {
            let _ = kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(1 + round));
    }
}

fn marked(mark: &[u8]) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let own = std::process::id();
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != own)
        .filter(|pid| {
            // A zombie's environment reads as empty, so it is never found.
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|entry| entry == mark)
        })
        .collect()
}

pub fn as_pid(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn finds_and_kills_what_left_the_group() {
        let token = format!("test-{}", std::process::id());
        let mut child = Command::new("setsid")
            .args(["sleep", "300"])
            .env("METASCOPE_WORKER", &token)
            .spawn()
            .expect("setsid is part of util-linux");
        while marked(format!("METASCOPE_WORKER={token}").as_bytes()).is_empty() {
            std::thread::sleep(Duration::from_millis(2));
        }
        kill_marked("METASCOPE_WORKER", &token);
        assert!(!child.wait().expect("waits").success());
    }

    #[test]
    fn measures_its_own_process() {
        let usage = tree_usage(std::process::id());
        assert!(usage.processes >= 1 && usage.peak > 1 << 20 && usage.resident > 1 << 20);
        assert!(cpu_ms(std::process::id()).is_some());
    }
}
