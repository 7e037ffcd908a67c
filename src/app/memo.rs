//! One remembered value per key, for what is costly to build and drawn many times.

use std::cell::RefCell;
use std::sync::Arc;

/// Holds the last value built; asking with the same key hands it out again.
#[derive(Debug)]
pub struct Memo<K, V>(RefCell<Option<(K, Arc<V>)>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RefCell::new(None))
    }
}

impl<K: PartialEq, V> Memo<K, V> {
    /// The value of `key`, built when the key differs from the last one. `build` may use other
    /// memos, but not this one.
    pub fn get(&self, key: K, build: impl FnOnce() -> V) -> Arc<V> {
        if let Some((held, value)) = &*self.0.borrow()
            && *held == key
        {
            return value.clone();
        }
        let value = Arc::new(build());
        *self.0.borrow_mut() = Some((key, value.clone()));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_once_per_key() {
        let memo = Memo::default();
        let mut built = 0;
        for key in [1, 1, 2, 2, 1] {
            memo.get(key, || built += 1);
        }
        assert_eq!(built, 3);
    }
}
