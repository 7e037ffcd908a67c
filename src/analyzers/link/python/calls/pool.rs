//! Many short lists in one allocation: each stands in a block of its own that doubles when full,
//! so that reading a list touches memory in order.

/// A list of a [`Pool`].
#[derive(Debug, Clone, Copy, Default)]
pub struct List {
    start: u32,
    len: u32,
}

impl List {
    pub fn len(self) -> u32 {
        self.len
    }
}

#[derive(Debug)]
pub struct Pool<T> {
    items: Vec<T>,
    /// Blocks that lists grew out of, by the logarithm of their size.
    free: Vec<Vec<u32>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }
}

impl<T: Copy> Pool<T> {
    pub fn of(&self, list: List) -> &[T] {
        &self.items[list.start as usize..(list.start + list.len) as usize]
    }

    pub fn at(&self, list: List, at: u32) -> T {
        self.items[(list.start + at) as usize]
    }

    pub fn push(&mut self, list: &mut List, item: T) {
        // A block is as large as the power of two that holds the list.
        if list.len == 0 || list.len.is_power_of_two() {
            self.grow(list, item);
        }
        self.items[(list.start + list.len) as usize] = item;
        list.len += 1;
    }

    fn grow(&mut self, list: &mut List, filler: T) {
        let size = if list.len == 0 { 1 } else { list.len * 2 };
        let class = size.trailing_zeros() as usize;
        let start = match self.free.get_mut(class).and_then(Vec::pop) {
            Some(start) => start,
            None => {
                let start = self.items.len() as u32;
                self.items.resize((start + size) as usize, filler);
                start
            }
        };
        let old = list.start as usize..(list.start + list.len) as usize;
        self.items.copy_within(old, start as usize);
        if list.len > 0 {
            let class = list.len.trailing_zeros() as usize;
            if self.free.len() <= class {
                self.free.resize_with(class + 1, Vec::new);
            }
            self.free[class].push(list.start);
        }
        list.start = start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_grow_beside_each_other() {
        let mut pool = Pool::default();
        let mut lists = [List::default(); 7];
        for item in 0..700_u32 {
            let at = (item * item % 7) as usize;
            pool.push(&mut lists[at], item);
        }
        for (at, list) in lists.iter().enumerate() {
            let wanted: Vec<u32> =
                (0..700).filter(|item| (item * item % 7) as usize == at).collect();
            assert_eq!(pool.of(*list), wanted);
        }
    }
}
