//! The journal's file: opening it, its tables, and what to do with a damaged one.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::runner::paths;

/// Counts up when the tables change.
const VERSION: i64 = 3;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY,
    root TEXT NOT NULL,
    task TEXT NOT NULL,
    executor TEXT NOT NULL,
    status TEXT NOT NULL,
    owner TEXT NOT NULL,
    dirty INTEGER NOT NULL,
    record TEXT NOT NULL,
    parent TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (
    sweep TEXT NOT NULL,
    item INTEGER NOT NULL,
    input TEXT NOT NULL,
    PRIMARY KEY (sweep, item)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS workers (
    hash TEXT PRIMARY KEY,
    files TEXT NOT NULL
) WITHOUT ROWID;
";

const INDICES: &str = "
CREATE INDEX IF NOT EXISTS runs_of_root ON runs (root, id);
CREATE INDEX IF NOT EXISTS unfinished ON runs (status) WHERE status IN ('pending', 'running');
CREATE INDEX IF NOT EXISTS dirty_runs ON runs (dirty) WHERE dirty = 1;
CREATE INDEX IF NOT EXISTS parts ON runs (parent) WHERE parent IS NOT NULL;
";

pub fn connect(path: &Path) -> Result<Connection, String> {
    if let Some(folder) = path.parent() {
        paths::create_private(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    match open(path) {
        Ok(connection) => Ok(connection),
        Err(error) if is_corrupt(&error) => {
            // Keep the damaged file for the user, and start afresh.
            let aside =
                path.with_extension(format!("corrupt-{}", jiff::Timestamp::now().as_second()));
            std::fs::rename(path, &aside).map_err(|error| error.to_string())?;
            tracing::warn!("the journal was damaged and is now {}", aside.display());
            open(path).map_err(|error| format!("{}: {error}", path.display()))
        }
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    if version(&connection)? < VERSION {
        migrate(&mut connection)?;
    }
    Ok(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the tables up to date, in one step that two workbenches do not take at once.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&transaction)? < VERSION {
        transaction.execute_batch(TABLES)?;
        let sql = "SELECT count(*) FROM pragma_table_info('runs') WHERE name = 'parent'";
        if transaction.query_row(sql, [], |row| row.get::<_, i64>(0))? == 0 {
            transaction.execute_batch("ALTER TABLE runs ADD COLUMN parent TEXT")?;
        }
        transaction.execute_batch(INDICES)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

fn is_corrupt(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}
