//! Variables of one function, sets of them, and what a piece of code does to them.

use rustc_hash::FxHashMap;

pub type VarId = u32;

/// Who made a variable decides where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VarKind {
    /// A name of the source.
    Local,
    /// Holds a part of a statement that was evaluated before a suspension.
    Spill,
    /// Machinery of the lowering: iterators, pending exits, caught exceptions.
    Hidden,
}

#[derive(Debug, Clone)]
pub struct Var {
    pub name: String,
    pub kind: VarKind,
}

/// The variables of one function, by number.
#[derive(Debug, Clone, Default)]
pub struct Vars {
    all: Vec<Var>,
    by_name: FxHashMap<String, VarId>,
}

impl Vars {
    /// The number of a local of the source, given at first sight.
    pub fn local(&mut self, name: &str) -> VarId {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let id = self.push(name.to_string(), VarKind::Local);
        self.by_name.insert(name.to_string(), id);
        id
    }

    pub fn find(&self, name: &str) -> Option<VarId> {
        self.by_name.get(name).copied()
    }

    pub fn push(&mut self, name: String, kind: VarKind) -> VarId {
        self.all.push(Var { name, kind });
        self.all.len() as VarId - 1
    }

    pub fn get(&self, id: VarId) -> &Var {
        &self.all[id as usize]
    }

    pub fn name(&self, id: VarId) -> &str {
        &self.all[id as usize].name
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// A set of variables, one bit each.
#[derive(Debug, Clone, Default)]
pub struct VarSet {
    words: Vec<u64>,
}

impl PartialEq for VarSet {
    fn eq(&self, other: &Self) -> bool {
        let longest = self.words.len().max(other.words.len());
        (0..longest).all(|at| self.word(at) == other.word(at))
    }
}

impl VarSet {
    fn word(&self, at: usize) -> u64 {
        self.words.get(at).copied().unwrap_or(0)
    }

    /// Whether the variable was not in the set before.
    pub fn insert(&mut self, id: VarId) -> bool {
        let (word, bit) = (id as usize / 64, 1u64 << (id % 64));
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        new
    }

    pub fn remove(&mut self, id: VarId) {
        if let Some(word) = self.words.get_mut(id as usize / 64) {
            *word &= !(1u64 << (id % 64));
        }
    }

    pub fn contains(&self, id: VarId) -> bool {
        self.word(id as usize / 64) & (1u64 << (id % 64)) != 0
    }

    pub fn union(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    pub fn subtract(&mut self, other: &Self) {
        for (word, less) in self.words.iter_mut().zip(&other.words) {
            *word &= !less;
        }
    }

    pub fn intersect(&mut self, other: &Self) {
        for (at, word) in self.words.iter_mut().enumerate() {
            *word &= other.word(at);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub fn iter(&self) -> impl Iterator<Item = VarId> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| at as VarId * 64 + bit)
        })
    }
}

impl FromIterator<VarId> for VarSet {
    fn from_iter<T: IntoIterator<Item = VarId>>(ids: T) -> Self {
        let mut set = Self::default();
        for id in ids {
            set.insert(id);
        }
        set
    }
}

/// What a piece of code does to variables.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effects {
    /// Read before this piece has surely written them.
    pub uses: VarSet,
    /// Surely written or unbound on normal completion; `None` when it never completes normally.
    pub kills: Kills,
    /// Written on some path.
    pub defs: VarSet,
    /// Unbound (`del`).
    pub unbinds: VarSet,
    /// Captured by a closure made here.
    pub captures: VarSet,
}

/// A set that may be "everything": a piece that never completes kills all.
#[derive(Debug, Clone, PartialEq)]
pub enum Kills {
    Some(VarSet),
    All,
}

impl Default for Kills {
    fn default() -> Self {
        Self::Some(VarSet::default())
    }
}

impl Kills {
    pub fn contains(&self, id: VarId) -> bool {
        match self {
            Self::Some(set) => set.contains(id),
            Self::All => true,
        }
    }
}

impl Effects {
    pub fn read(&mut self, id: VarId) {
        if !self.kills.contains(id) {
            self.uses.insert(id);
        }
    }

    pub fn write(&mut self, id: VarId) {
        self.defs.insert(id);
        self.unbinds.remove(id);
        if let Kills::Some(set) = &mut self.kills {
            set.insert(id);
        }
    }

    pub fn unbind(&mut self, id: VarId) {
        self.read(id);
        self.unbinds.insert(id);
        if let Kills::Some(set) = &mut self.kills {
            set.insert(id);
        }
    }

    /// This piece, then `next`.
    pub fn then(&mut self, next: &Self) {
        let mut uses = next.uses.clone();
        match (&mut self.kills, &next.kills) {
            (Kills::All, _) => return,
            (Kills::Some(killed), Kills::Some(more)) => {
                uses.subtract(killed);
                killed.union(more);
            }
            (Kills::Some(killed), Kills::All) => {
                uses.subtract(killed);
                self.kills = Kills::All;
            }
        }
        self.uses.union(&uses);
        self.unbinds.subtract(&next.defs);
        self.unbinds.union(&next.unbinds);
        self.defs.union(&next.defs);
        self.captures.union(&next.captures);
    }

    /// One of the two runs.
    pub fn either(mut self, other: &Self) -> Self {
        self.uses.union(&other.uses);
        self.defs.union(&other.defs);
        self.unbinds.union(&other.unbinds);
        self.captures.union(&other.captures);
        self.kills = match (self.kills, &other.kills) {
            (Kills::All, kills) => kills.clone(),
            (kills, Kills::All) => kills,
            (Kills::Some(mut kills), Kills::Some(more)) => {
                kills.intersect(more);
                Kills::Some(kills)
            }
        };
        self
    }

    /// This piece runs or not.
    pub fn maybe(self) -> Self {
        self.either(&Self::default())
    }
}
