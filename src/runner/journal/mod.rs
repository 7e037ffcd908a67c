//! Every run, on disk: SQLite in write-ahead mode, so that two workbenches may write at once and
//! a killed one loses nothing it had written. When the disk is full or the file unusable, runs
//! go on, are remembered in memory, and say what is wrong.

mod sweeps;
mod tables;
mod workers;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use rusqlite::{Connection, params};

use super::{owner, paths};
use crate::model::{ExecutorKind, RunError, RunRecord, RunStatus};

pub struct Journal {
    root: String,
    keep: usize,
    inner: Mutex<Inner>,
}

struct Inner {
    connection: Result<Connection, String>,
    /// Records of this session that could not be written.
    unwritten: BTreeMap<String, RunRecord>,
}

impl Journal {
    /// Opens the journal of all projects for the runs of one root.
    pub fn open(root: &Path, keep: usize) -> Self {
        let path = paths::state_dir().join("journal.db");
        let inner = Inner { connection: tables::connect(&path), unwritten: BTreeMap::new() };
        Self { root: root.to_string_lossy().into_owned(), keep, inner: Mutex::new(inner) }
    }

    /// Why the journal cannot be used, if so.
    pub fn problem(&self) -> Option<String> {
        self.lock().connection.as_ref().err().cloned()
    }

    /// Writes a run as it is now. `dirty` says that an engine may still hold something of it.
    /// A failure is returned for the user to see; the run is then remembered in memory.
    pub fn write(&self, record: &RunRecord, dirty: bool) -> Result<(), String> {
        let mut inner = self.lock();
        let written = inner.connection.as_ref().map_err(Clone::clone).and_then(|connection| {
            let json = serde_json::to_string(record).map_err(|error| error.to_string())?;
            let values = params![
                &*record.run,
                self.root,
                &*record.task,
                record.executor.as_str(),
                record.status.as_str(),
                owner::token(),
                dirty,
                json,
                record.parent.as_deref()
            ];
            let sql = "INSERT OR REPLACE INTO runs (id, root, task, executor, status, owner, dirty, \
                       record, parent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
            let mut query = connection.prepare_cached(sql).map_err(|error| error.to_string())?;
            query.execute(values).map(drop).map_err(|error| error.to_string())
        });
        match written {
            Ok(()) => {
                inner.unwritten.remove(&*record.run);
                Ok(())
            }
            Err(error) => {
                inner.unwritten.insert(record.run.to_string(), record.clone());
                Err(format!("the journal could not be written: {error}"))
            }
        }
    }

    /// The newest runs of this root, newest first; parts of workflows and sweeps left out.
    pub fn history(&self, limit: usize) -> Vec<RunRecord> {
        let inner = self.lock();
        let whole = inner.unwritten.iter().filter(|(_, record)| record.parent.is_none());
        let mut records: BTreeMap<String, RunRecord> =
            whole.map(|(id, record)| (id.clone(), record.clone())).collect();
        if let Ok(connection) = &inner.connection {
            let sql = "SELECT record FROM runs WHERE root = ?1 AND parent IS NULL \
                       ORDER BY id DESC LIMIT ?2";
            for record in select(connection, sql, params![self.root, limit as i64]) {
                records.entry(record.run.to_string()).or_insert(record);
            }
        }
        records.into_values().rev().take(limit).collect()
    }

    /// The newest runs of a task of this root, parts of workflows and sweeps included.
    pub fn of_task(&self, task: &str, limit: usize) -> Vec<RunRecord> {
        let inner = self.lock();
        let Ok(connection) = &inner.connection else { return Vec::new() };
        let sql = "SELECT record FROM runs WHERE root = ?1 AND task = ?2 ORDER BY id DESC LIMIT ?3";
        let mut found = select(connection, sql, params![self.root, task, limit as i64]);
        // What a workflow or sweep took as a whole says nothing of one run.
        found.retain(|record| record.nodes.is_none() && record.sweep.is_none());
        found
    }

    /// The run of an id, or of an unambiguous beginning of one; of any root.
    pub fn record(&self, id: &str) -> Option<RunRecord> {
        let inner = self.lock();
        if let Some(record) = inner.unwritten.get(id) {
            return Some(record.clone());
        }
        let connection = inner.connection.as_ref().ok()?;
        let sql =
            "SELECT record FROM runs WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 2";
        let mut found = select(connection, sql, params![id]);
        let exact = found.iter().position(|record| &*record.run == id);
        match exact {
            Some(at) => Some(found.swap_remove(at)),
            None if found.len() == 1 => found.pop(),
            None => None,
        }
    }

    /// Marks unfinished runs of workbenches that no longer live, and returns their records.
    pub fn mark_lost(&self) -> Vec<RunRecord> {
        let inner = self.lock();
        let Ok(connection) = &inner.connection else { return Vec::new() };
        let sql = "SELECT record, owner FROM runs WHERE status IN ('pending', 'running')";
        let mut lost = Vec::new();
        for (mut record, owner) in select_owned(connection, sql) {
            if owner::is_alive(&owner) {
                continue;
            }
            record.status = RunStatus::Crashed;
            record.error = Some(RunError {
                type_: "Lost".into(),
                message: "the workbench was killed while this run was under way".into(),
                ..RunError::default()
            });
            let Ok(json) = serde_json::to_string(&record) else { continue };
            let sql = "UPDATE runs SET status = 'crashed', record = ?2 WHERE id = ?1 \
                       AND status IN ('pending', 'running')";
            match connection.execute(sql, params![&*record.run, json]) {
                Ok(_) => lost.push(record),
                Err(error) => tracing::warn!("cannot mark {} lost: {error}", record.run),
            }
        }
        lost
    }

    /// Whether an engine may still hold something of a dead workbench's runs.
    pub fn has_leftovers(&self) -> bool {
        let inner = self.lock();
        let Ok(connection) = &inner.connection else { return false };
        let sql = "SELECT DISTINCT owner FROM runs WHERE dirty = 1";
        let owners = connection.prepare(sql).and_then(|mut query| {
            query.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        });
        owners.is_ok_and(|owners| owners.iter().any(|owner| !owner::is_alive(owner)))
    }

    /// Notes that the leftovers of dead workbenches are gone.
    pub fn clear_leftovers(&self) {
        let inner = self.lock();
        let Ok(connection) = &inner.connection else { return };
        let sql =
            "UPDATE runs SET dirty = 0 WHERE dirty = 1 AND status NOT IN ('pending', 'running')";
        if let Err(error) = connection.execute(sql, []) {
            tracing::warn!("cannot clear leftovers: {error}");
        }
    }

    /// Forgets the oldest runs of this root beyond those to keep, with their parts; returns their
    /// ids.
    pub fn prune(&self) -> Vec<String> {
        let inner = self.lock();
        let Ok(connection) = &inner.connection else { return Vec::new() };
        let sql = "WITH kept AS (SELECT id FROM runs WHERE root = ?1 AND parent IS NULL \
                   ORDER BY id DESC LIMIT ?2) \
                   DELETE FROM runs WHERE root = ?1 AND dirty = 0 \
                   AND status NOT IN ('pending', 'running') AND id NOT IN kept \
                   AND (parent IS NULL OR parent NOT IN kept) RETURNING id";
        let pruned = connection.prepare(sql).and_then(|mut query| {
            let values = params![self.root, self.keep as i64];
            query.query_map(values, |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        });
        let sql = "DELETE FROM items WHERE sweep NOT IN (SELECT id FROM runs)";
        if let Err(error) = connection.execute(sql, []) {
            tracing::warn!("cannot forget inputs of old sweeps: {error}");
        }
        let pruned = pruned.unwrap_or_default();
        let sql = "DELETE FROM workers WHERE hash NOT IN (SELECT json_extract(record, \
                   '$.worker_hash') FROM runs WHERE json_extract(record, '$.worker_hash') \
                   IS NOT NULL)";
        if !pruned.is_empty()
            && let Err(error) = connection.execute(sql, [])
        {
            tracing::warn!("cannot forget the code of old runs: {error}");
        }
        pruned
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn select(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> Vec<RunRecord> {
    let rows = connection.prepare_cached(sql).and_then(|mut query| {
        query.query_map(values, |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
    });
    let rows = rows.unwrap_or_else(|error| {
        tracing::warn!("cannot read the journal: {error}");
        Vec::new()
    });
    rows.iter().filter_map(|json| serde_json::from_str(json).ok()).collect()
}

fn select_owned(connection: &Connection, sql: &str) -> Vec<(RunRecord, String)> {
    let rows = connection.prepare(sql).and_then(|mut query| {
        let pair = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
        query.query_map([], pair)?.collect::<Result<Vec<_>, _>>()
    });
    let parse = |(json, owner): (String, String)| Some((serde_json::from_str(&json).ok()?, owner));
    rows.unwrap_or_default().into_iter().filter_map(parse).collect()
}

/// Whether a run of this executor leaves something in an engine until it is cleaned up.
pub fn leaves_traces(executor: ExecutorKind) -> bool {
    matches!(executor, ExecutorKind::Docker | ExecutorKind::Swarm)
}

#[cfg(test)]
mod tests;
