//! What a sweep was to run, and what became of it.

use std::collections::BTreeMap;

use rusqlite::params;
use serde_json::Value;

use super::{Journal, select};
use crate::model::{ItemRun, RunRecord, RunStatus};
use crate::runner::sweep::item_of;

impl Journal {
    /// Writes down all inputs of a sweep before the first is run.
    pub fn plan(&self, sweep: &str, inputs: &[Value]) -> Result<(), String> {
        let mut inner = self.lock();
        let connection = inner.connection.as_mut().map_err(|problem| problem.clone())?;
        let planned = connection.transaction().and_then(|transaction| {
            {
                let sql = "INSERT OR REPLACE INTO items (sweep, item, input) VALUES (?1, ?2, ?3)";
                let mut query = transaction.prepare(sql)?;
                for (item, input) in inputs.iter().enumerate() {
                    query.execute(params![sweep, item as i64, input.to_string()])?;
                }
            }
            transaction.commit()
        });
        planned.map_err(|error| format!("this sweep could not be written down: {error}"))
    }

    /// All items of a sweep in their order, as the last run of each left it.
    pub fn items(&self, sweep: &str) -> Vec<ItemRun> {
        let mut items: BTreeMap<u32, ItemRun> = BTreeMap::new();
        let inner = self.lock();
        if let Ok(connection) = &inner.connection {
            let sql = "SELECT item, input FROM items WHERE sweep = ?1 ORDER BY item";
            let rows = connection.prepare_cached(sql).and_then(|mut query| {
                let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
                query.query_map([sweep], pair)?.collect::<Result<Vec<(u32, String)>, _>>()
            });
            for (item, input) in rows.unwrap_or_default() {
                let input = serde_json::from_str(&input).unwrap_or_default();
                let waiting = ItemRun {
                    item,
                    input,
                    status: RunStatus::Pending,
                    result: None,
                    error: None,
                    elapsed_ms: None,
                    run: None,
                };
                items.insert(item, waiting);
            }
            let sql = "SELECT record FROM runs WHERE parent = ?1 ORDER BY id";
            for record in select(connection, sql, params![sweep]) {
                note(&mut items, &record);
            }
        }
        let parts = inner.unwritten.values().filter(|it| it.parent.as_deref() == Some(sweep));
        parts.for_each(|record| note(&mut items, record));
        items.into_values().collect()
    }
}

fn note(items: &mut BTreeMap<u32, ItemRun>, record: &RunRecord) {
    if let Some(item) = record.item {
        items.insert(item, item_of(item, record));
    }
}
