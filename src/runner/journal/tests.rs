use super::*;
use crate::model::{Limits, RunRequest};

fn record(id: &str, status: RunStatus) -> RunRecord {
    RunRecord {
        run: id.into(),
        task: "m.f".into(),
        executor: ExecutorKind::Docker,
        status,
        result: Some(serde_json::json!({"x": [1, 2.5, null]})),
        stdout: "out".into(),
        stderr: String::new(),
        error: None,
        input_errors: Vec::new(),
        started_at: "2026-01-01T00:00:00.000Z".into(),
        elapsed_ms: 1.5,
        launch_ms: None,
        cpu_ms: None,
        peak_memory_bytes: None,
        request: RunRequest {
            task: "m.f".into(),
            executor: ExecutorKind::Docker,
            input: serde_json::json!({"x": 1}),
            limits: Limits::default(),
            sweep: None,
        },
        worker_hash: None,
        image: None,
        nodes: None,
        sweep: None,
        parent: None,
        item: None,
    }
}

fn journal(connection: Result<Connection, String>, root: &str, keep: usize) -> Journal {
    let inner = Inner { connection, unwritten: BTreeMap::new() };
    Journal { root: root.into(), keep, inner: Mutex::new(inner) }
}

fn ids(records: &[RunRecord]) -> Vec<&str> {
    records.iter().map(|record| &*record.run).collect()
}

#[test]
fn two_workbenches_share_it_and_keep_their_projects_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let one = journal(tables::connect(&path), "/one", 2);
    let two = journal(tables::connect(&path), "/two", 2);
    for id in ["a1", "a2", "a3"] {
        one.write(&record(id, RunStatus::Succeeded), false).unwrap();
    }
    two.write(&record("b1", RunStatus::Failed), false).unwrap();
    assert_eq!(ids(&one.history(10)), ["a3", "a2", "a1"]);
    assert_eq!(ids(&two.history(10)), ["b1"]);
    assert_eq!(one.record("b").map(|found| found.run), Some("b1".into()));
    assert_eq!(one.record("a"), None, "an ambiguous beginning names nothing");
    assert_eq!(one.record("a2"), Some(record("a2", RunStatus::Succeeded)));
    assert_eq!(one.prune(), ["a1"]);
    assert_eq!(ids(&one.history(10)), ["a3", "a2"]);
}

#[test]
fn runs_of_the_dead_are_lost_and_those_of_the_living_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(tables::connect(&folder.path().join("journal.db")), "/one", 10);
    journal.write(&record("mine", RunStatus::Running), true).unwrap();
    journal.write(&record("dead", RunStatus::Running), true).unwrap();
    let dead = "UPDATE runs SET owner = '1-1-0' WHERE id = 'dead'";
    journal.lock().connection.as_ref().unwrap().execute(dead, []).unwrap();
    assert_eq!(ids(&journal.mark_lost()), ["dead"]);
    let lost = journal.record("dead").unwrap();
    assert_eq!((lost.status, lost.error.unwrap().type_), (RunStatus::Crashed, "Lost".into()));
    assert_eq!(journal.record("mine").unwrap().status, RunStatus::Running);
    assert!(journal.has_leftovers());
    journal.clear_leftovers();
    assert!(!journal.has_leftovers());
    assert!(journal.mark_lost().is_empty());
}

#[test]
fn a_full_disk_is_told_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(tables::connect(&folder.path().join("journal.db")), "/one", 10);
    journal.write(&record("before", RunStatus::Succeeded), false).unwrap();
    // SQLite answers SQLITE_FULL when the file may not grow, as on a full disk.
    {
        let inner = journal.lock();
        let connection = inner.connection.as_ref().unwrap();
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        connection.query_row("PRAGMA max_page_count = 1", [], |row| row.get::<_, i64>(0)).unwrap();
        assert!(pages > 1);
    }
    let mut large = record("large", RunStatus::Succeeded);
    large.stdout = "x".repeat(1 << 20);
    let problem = journal.write(&large, false).unwrap_err();
    assert!(
        problem.contains("journal could not be written") && problem.contains("full"),
        "{problem}"
    );
    assert_eq!(ids(&journal.history(10)), ["large", "before"]);
    assert_eq!(journal.record("large"), Some(large));
}

#[test]
fn a_damaged_file_is_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    std::fs::write(&path, "not a database, but long enough to look at".repeat(40)).unwrap();
    let journal = journal(tables::connect(&path), "/one", 10);
    journal.write(&record("r", RunStatus::Succeeded), false).unwrap();
    assert_eq!(ids(&journal.history(1)), ["r"]);
    assert_eq!(
        std::fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().contains("corrupt"))
            .count(),
        1
    );
}

#[test]
fn without_a_folder_runs_are_remembered_for_the_session() {
    let journal = journal(tables::connect(Path::new("/proc/nowhere/journal.db")), "/one", 10);
    assert!(journal.problem().is_some());
    assert!(journal.write(&record("r", RunStatus::Running), false).is_err());
    assert!(journal.write(&record("r", RunStatus::Succeeded), false).is_err());
    assert_eq!(journal.history(5)[0].status, RunStatus::Succeeded);
}
