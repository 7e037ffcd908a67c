//! Facts kept on disk between starts, by content.
//!
//! One file per project under the user's cache folder: a map from the hash of what extraction
//! depends on (path, module, text and our own version) to the facts. A damaged or foreign file is
//! an empty cache.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::extract::Wanted;
use crate::model::FileFacts;

pub type Key = [u8; 16];

/// A project's cache; all methods do nothing when it is off.
pub struct Cache {
    place: Option<PathBuf>,
    /// Facts of the last start, still encoded; read when first asked for.
    stored: OnceLock<FxHashMap<Key, Vec<u8>>>,
    /// What this start used or made.
    live: Mutex<FxHashMap<Key, Vec<u8>>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: String,
    entries: Vec<(Key, Vec<u8>)>,
}

impl Cache {
    pub fn off() -> Self {
        Self { place: None, stored: OnceLock::new(), live: Mutex::default() }
    }

    /// Opens the cache of the project at `root`.
    pub fn open(root: &Path) -> Self {
        folder().map_or_else(Self::off, |folder| Self::open_in(&folder, root))
    }

    /// Opens the cache of the project at `root` in a folder of caches.
    pub fn open_in(folder: &Path, root: &Path) -> Self {
        let place = folder.join(format!("{}.facts", name(root)));
        Self { place: Some(place), stored: OnceLock::new(), live: Mutex::default() }
    }

    fn stored(&self) -> &FxHashMap<Key, Vec<u8>> {
        self.stored.get_or_init(|| {
            let bytes = self.place.as_ref().and_then(|place| std::fs::read(place).ok());
            bytes
                .and_then(|bytes| postcard::from_bytes::<Stored>(&bytes).ok())
                .filter(|stored| stored.version == version())
                .map(|stored| stored.entries.into_iter().collect())
                .unwrap_or_default()
        })
    }

    /// The key of a file's facts.
    pub fn key(&self, wanted: &Wanted, text: &str) -> Key {
        if self.place.is_none() {
            return Key::default();
        }
        let mut hasher = blake3::Hasher::new();
        for part in [&*wanted.path, &*wanted.module, text] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut key = Key::default();
        hasher.finalize_xof().fill(&mut key);
        key
    }

    pub fn get(&self, key: &Key) -> Option<Arc<FileFacts>> {
        let bytes = self.stored().get(key)?;
        let facts = postcard::from_bytes(bytes).ok()?;
        self.remember(*key, bytes.clone());
        Some(Arc::new(facts))
    }

    pub fn put(&self, key: Key, facts: &FileFacts) {
        if self.place.is_some()
            && let Ok(bytes) = postcard::to_stdvec(facts)
        {
            self.remember(key, bytes);
        }
    }

    fn remember(&self, key: Key, bytes: Vec<u8>) {
        if let Ok(mut live) = self.live.lock() {
            live.insert(key, bytes);
        }
    }

    /// Writes what this start used, if that differs from what was there. Failing to (a full or
    /// read-only disk) costs only the next start's speed.
    pub fn save(&self) {
        let (Some(place), Ok(live)) = (&self.place, self.live.lock()) else { return };
        let same = live.len() == self.stored().len()
            && live.keys().all(|key| self.stored().contains_key(key));
        if same {
            return;
        }
        let entries = live.iter().map(|(key, bytes)| (*key, bytes.clone())).collect();
        let Ok(bytes) = postcard::to_stdvec(&Stored { version: version(), entries }) else {
            return;
        };
        let written = place.parent().and_then(|folder| {
            std::fs::create_dir_all(folder).ok()?;
            let mut file = tempfile::NamedTempFile::new_in(folder).ok()?;
            file.write_all(&bytes).ok()?;
            file.persist(place).ok()
        });
        if written.is_none() {
            tracing::warn!("facts could not be cached at {}", place.display());
        }
    }
}

/// What the files kept for a project are called.
pub fn name(root: &Path) -> String {
    blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex()[..24].to_owned()
}

/// Facts of another build mean nothing to this one: the executable's own time tells builds apart.
pub fn version() -> String {
    let built = std::env::current_exe()
        .and_then(|path| path.metadata())
        .and_then(|metadata| metadata.modified())
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |age| age.as_nanos());
    format!("{}-{built}", env!("CARGO_PKG_VERSION"))
}

/// Where caches are kept.
pub fn folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    if let Some(folder) = std::env::var_os("METASCOPE_CACHE_DIR") {
        return Some(folder.into());
    }
    Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("metascope"))
}
