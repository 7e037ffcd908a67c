//! The code that was run, by its hash: what changed between two runs can be told later.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use super::Journal;
use crate::model::Worker;

impl Journal {
    /// Keeps a worker's files, once per hash.
    pub fn keep_worker(&self, worker: &Worker) {
        let inner = self.lock();
        let Ok(connection) = &inner.connection else { return };
        let files: BTreeMap<&str, &str> =
            worker.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let Ok(files) = serde_json::to_string(&files) else { return };
        let sql = "INSERT OR IGNORE INTO workers (hash, files) VALUES (?1, ?2)";
        let kept = connection
            .prepare_cached(sql)
            .and_then(|mut query| query.execute(params![&*worker.hash, files]));
        if let Err(error) = kept {
            tracing::warn!("the code of this run is not recorded: {error}");
        }
    }

    /// The files of a worker that some recorded run used.
    pub fn worker_files(&self, hash: &str) -> Option<BTreeMap<String, String>> {
        let inner = self.lock();
        let connection = inner.connection.as_ref().ok()?;
        let sql = "SELECT files FROM workers WHERE hash = ?1";
        let files: Option<String> =
            connection.query_row(sql, [hash], |row| row.get(0)).optional().ok()?;
        serde_json::from_str(&files?).ok()
    }
}
