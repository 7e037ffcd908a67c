//! Suggestions from recorded runs: how long and how much memory a task needs, and where it runs
//! best. They are said to be suggestions, and say what they were made from.

use serde::Serialize;

use crate::model::{ExecutorKind, RunRecord, RunStatus};

/// Fewer runs than this say too little.
const LEAST: usize = 3;

/// One suggested setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// `timeout`, `memory` or `executor`.
    pub setting: &'static str,
    /// As it is given to `metascope run`.
    pub value: String,
    pub why: String,
}

/// What the runs of one task suggest; nothing when there are too few.
pub fn suggest(records: &[&RunRecord]) -> Vec<Suggestion> {
    let ended: Vec<&RunRecord> =
        records.iter().copied().filter(|record| record.status.is_final()).collect();
    let worked: Vec<&RunRecord> =
        ended.iter().copied().filter(|record| record.status == RunStatus::Succeeded).collect();
    let mut found = Vec::new();
    if worked.len() >= LEAST {
        found.extend(timeout(&worked));
        found.extend(memory(&worked));
    }
    found.extend(executor(&ended, &worked));
    found
}

/// Three times the longest run, in whole steps.
fn timeout(worked: &[&RunRecord]) -> Option<Suggestion> {
    let longest = worked.iter().map(|record| record.elapsed_ms).max_by(f64::total_cmp)?;
    let seconds = (longest * 3.0 / 1000.0).ceil().max(1.0) as u64;
    let value = match seconds {
        0..=10 => format!("{seconds}s"),
        11..=120 => format!("{}s", seconds.next_multiple_of(10)),
        _ => format!("{}m", seconds.div_ceil(60)),
    };
    let why = format!("three times the longest of {} runs, {longest:.0} ms", worked.len());
    Some(Suggestion { setting: "timeout", value, why })
}

/// Half as much again as the most that was used.
fn memory(worked: &[&RunRecord]) -> Option<Suggestion> {
    let peaks: Vec<u64> = worked.iter().filter_map(|record| record.peak_memory_bytes).collect();
    if peaks.len() < LEAST {
        return None;
    }
    let most = peaks.iter().max()? >> 20;
    let value = format!("{}m", (most * 3 / 2).next_multiple_of(16).max(32));
    let why = format!("half as much again as the most of {} runs, {most} MB", peaks.len());
    Some(Suggestion { setting: "memory", value, why })
}

/// A container where the task brings its process down; a thread where the container's start takes
/// longer than the work.
fn executor(ended: &[&RunRecord], worked: &[&RunRecord]) -> Option<Suggestion> {
    let on = |kind: ExecutorKind| ended.iter().filter(move |record| record.executor == kind);
    let crashed = on(ExecutorKind::Thread).filter(|it| it.status == RunStatus::Crashed).count();
    if crashed >= LEAST && crashed * 2 >= on(ExecutorKind::Thread).count() {
        let why = format!("{crashed} runs crashed on a thread; a container bounds what they do");
        return Some(Suggestion { setting: "executor", value: "docker".into(), why });
    }
    let contained = worked.iter().filter(|record| record.executor == ExecutorKind::Docker);
    let launches: Vec<(f64, f64)> =
        contained.filter_map(|record| Some((record.launch_ms?, record.elapsed_ms))).collect();
    let mostly = launches.iter().filter(|(launch, elapsed)| launch * 2.0 > *elapsed).count();
    if launches.len() >= LEAST && mostly * 2 > launches.len() && crashed == 0 {
        let mut times: Vec<f64> = launches.iter().map(|(launch, _)| *launch).collect();
        times.sort_by(f64::total_cmp);
        let usual = times[times.len() / 2];
        let why = format!("starting the container took {usual:.0} ms, more than the work itself");
        return Some(Suggestion { setting: "executor", value: "thread".into(), why });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunRequest;
    use crate::runner::run::new_record;

    fn record(executor: ExecutorKind, status: RunStatus, elapsed: f64, peak: u64) -> RunRecord {
        let request = RunRequest { executor, ..RunRequest::default() };
        RunRecord {
            status,
            elapsed_ms: elapsed,
            launch_ms: Some(elapsed * 0.8),
            peak_memory_bytes: Some(peak << 20),
            ..new_record(&"r".into(), &request, "h".into(), None)
        }
    }

    fn values(records: &[RunRecord]) -> Vec<(&'static str, String)> {
        let records: Vec<&RunRecord> = records.iter().collect();
        suggest(&records).into_iter().map(|found| (found.setting, found.value)).collect()
    }

    #[test]
    fn figures_come_from_what_worked_and_only_from_enough() {
        use ExecutorKind::Thread;
        let worked = |elapsed, peak| record(Thread, RunStatus::Succeeded, elapsed, peak);
        let mut records = vec![worked(900.0, 20), worked(4100.0, 100)];
        assert_eq!(values(&records), []);
        records.push(worked(10.0, 10));
        records.push(record(Thread, RunStatus::Failed, 99_000.0, 4000));
        let expected = [("timeout", "20s".to_owned()), ("memory", "160m".to_owned())];
        assert_eq!(values(&records), expected);
    }

    #[test]
    fn the_executor_follows_crashes_and_launches() {
        use ExecutorKind::{Docker, Thread};
        let crashes = vec![record(Thread, RunStatus::Crashed, 5.0, 1); 3];
        assert_eq!(values(&crashes), [("executor", "docker".to_owned())]);
        let launches = vec![record(Docker, RunStatus::Succeeded, 400.0, 20); 4];
        assert!(values(&launches).contains(&("executor", "thread".to_owned())));
    }
}
