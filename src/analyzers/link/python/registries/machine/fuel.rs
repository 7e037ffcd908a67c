//! Steps: how many a run may take, and how they are shared out.
//!
//! Evaluating an expression is a step, copying values costs some. Each module body has a share by
//! its length, and what it leaves goes to a pool from which bodies that need more draw, as long as
//! what they do with it stores something. Within a body each call has a part of what is left, and
//! functions that cost much and store nothing are executed a few times only.

use super::Machine;
use super::value::{ObjectId, Value};
use crate::model::facts::python::registries::FunctionId;

/// Steps that a run may take over the shares of its modules.
const POOL: u32 = 600_000;
/// A module body's share.
const MODULE_FUEL: u32 = 20_000;
const MODULE_FUEL_PER_LINE: u32 = 40;
const MOST_MODULE_FUEL: u32 = 200_000;
/// What a body draws from the pool at a time, how often it may, and what it must have stored
/// meanwhile.
const DRAUGHT: u32 = 10_000;
const MOST_DRAUGHTS: u32 = 60;
const LEAST_STORED: u32 = 4;
/// The same for functions executed on their own: those of a fixed name, and others.
const HOOK_DRAUGHTS: u32 = 12;
const FUNCTION_DRAUGHTS: u32 = 2;
/// Steps for the `__init__` of the object that stands for all instances of a class.
pub(super) const SUMMARY_FUEL: u32 = 12_000;
/// Steps for a body's own statements once it has run dry: its calls are then not executed.
const RESERVE: u32 = 4_000;
const RESERVE_PER_LINE: u32 = 30;
const RESERVE_DRAUGHT: u32 = 500;
/// Steps of one function executed on its own.
const FUNCTION_FUEL: u32 = 5_000;
/// Steps of all functions of a file that are executed on their own.
const ROOTS_FUEL: u32 = 20_000;
const ROOTS_FUEL_PER_LINE: u32 = 12;
/// Steps that one call from outside any function may take.
const CALL_FUEL: u32 = 24_000;
const LEAST_FUEL: u32 = 4_000;
/// Steps that the hooks of one class, or one decorator, may take.
const HOOK_FUEL: u32 = 8_000;
/// A function that takes more steps than this and keeps nothing, time and again, is not worth
/// executing.
const COSTLY: u32 = 1_200;
const MAX_COSTLY: u32 = 2;

/// What calls of one function cost to no avail.
#[derive(Debug, Default)]
pub(super) struct Cost {
    count: u32,
    /// What the last of them returned.
    returned: Option<Value>,
}

/// The state before a call, to tell afterwards whether it was worth its steps.
pub(super) struct Meter {
    steps: u32,
    lowest: ObjectId,
    start: ObjectId,
}

impl Machine<'_, '_> {
    /// The steps that a module's body may take before it has to draw on the pool.
    pub(super) fn fuel_body(&mut self, file: u32) {
        let lines = self.files[file as usize].file.lines;
        let share = MODULE_FUEL + lines.saturating_mul(MODULE_FUEL_PER_LINE);
        self.fuel = share.min(MOST_MODULE_FUEL);
        self.draughts = MOST_DRAUGHTS;
        self.reserve = RESERVE + lines.saturating_mul(RESERVE_PER_LINE);
        self.dry = false;
        self.stored = 0;
    }

    /// The steps of one function executed on its own, out of those its file has left.
    pub(super) fn fuel_function(&mut self, is_hook: bool, share: u32) -> u32 {
        let most = if is_hook { CALL_FUEL } else { FUNCTION_FUEL };
        self.fuel = most.min(share);
        self.draughts = if is_hook { HOOK_DRAUGHTS } else { FUNCTION_DRAUGHTS };
        self.reserve = 0;
        self.dry = false;
        self.stored = 0;
        self.fuel
    }

    /// Whether there are steps left. What has run dry draws on the pool, if what it did lately
    /// stored something.
    pub(super) fn has_fuel(&mut self) -> bool {
        if self.fuel > 0 {
            return true;
        }
        if self.draughts > 0 && self.pool >= DRAUGHT && self.stored >= LEAST_STORED {
            self.pool -= DRAUGHT;
            self.draughts -= 1;
            self.fuel = DRAUGHT;
            self.stored = 0;
            self.dry = false;
            return true;
        }
        if self.calls > 0 || self.reserve == 0 {
            return false;
        }
        self.dry = true;
        self.fuel = RESERVE_DRAUGHT.min(self.reserve);
        self.reserve -= self.fuel;
        true
    }

    /// Runs the hooks of a class or a decorator: on the pool where the body has run dry.
    pub(super) fn hooked<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        if !self.dry {
            return self.limited(HOOK_FUEL, run);
        }
        self.dry = false;
        let value = self.with_pool(HOOK_FUEL, run);
        self.dry = true;
        value
    }

    /// Takes one step.
    pub(super) fn step_on(&mut self) {
        self.fuel = self.fuel.saturating_sub(1);
        self.steps = self.steps.wrapping_add(1);
    }

    /// Runs something that many will profit from: its steps are the pool's.
    pub(super) fn with_pool<T>(&mut self, most: u32, run: impl FnOnce(&mut Self) -> T) -> T {
        let granted = most.min(self.pool);
        let outer = std::mem::replace(&mut self.fuel, granted);
        let value = run(self);
        self.pool -= granted - self.fuel.min(granted);
        self.fuel = outer;
        value
    }

    /// The steps of all functions of a file that are executed on their own.
    pub(super) fn roots_fuel(&self, file: u32) -> u32 {
        let lines = self.files[file as usize].file.lines;
        ROOTS_FUEL + lines.saturating_mul(ROOTS_FUEL_PER_LINE)
    }

    /// Runs something that may take at most so many steps of those left.
    pub(super) fn limited<T>(&mut self, most: u32, run: impl FnOnce(&mut Self) -> T) -> T {
        let kept = self.fuel;
        let granted = kept.min(most);
        self.fuel = granted;
        let value = run(self);
        self.fuel = kept - (granted - self.fuel.min(granted));
        value
    }

    /// The part of the steps left that one call of a body may take, so that none starves the rest.
    pub(super) fn call_share(&self) -> u32 {
        (self.fuel / 3).clamp(LEAST_FUEL, CALL_FUEL)
    }

    /// Counts the copying of many values as the steps it costs.
    pub(super) fn charge(&mut self, count: usize) {
        let steps = u32::try_from(count / 4).unwrap_or(u32::MAX);
        self.fuel = self.fuel.saturating_sub(steps);
        self.steps = self.steps.wrapping_add(steps);
    }

    /// Notes that something was stored in an object that stands since before.
    pub(super) fn note_kept(&mut self, object: ObjectId) {
        self.lowest = self.lowest.min(object);
    }

    /// Notes that a member was stored, in whatever.
    pub(super) fn note_stored(&mut self) {
        self.stored = self.stored.saturating_add(1);
    }

    /// Begins to measure a call.
    pub(super) fn meter(&mut self) -> Meter {
        let lowest = std::mem::replace(&mut self.lowest, ObjectId::MAX);
        if self.calls == 0 {
            self.newest = self.objects.len() as ObjectId;
        }
        Meter { steps: self.steps, lowest, start: self.objects.len() as ObjectId }
    }

    /// Ends a measurement: a call is worth its steps if what it stored outlives it.
    pub(super) fn judge(&mut self, function: (u32, FunctionId), meter: &Meter, returned: &Value) {
        let is_productive = self.lowest < meter.start;
        if !is_productive && self.steps.wrapping_sub(meter.steps) > COSTLY {
            let cost = self.costly.entry(function).or_default();
            cost.count += 1;
            cost.returned = Some(returned.clone());
        }
        self.lowest = self.lowest.min(meter.lowest);
    }

    /// What a function that is not worth executing returned when it last was.
    pub(super) fn spared(&self, function: (u32, FunctionId)) -> Option<Value> {
        let cost = self.costly.get(&function)?;
        if cost.count <= MAX_COSTLY {
            return None;
        }
        cost.returned.clone()
    }

    /// What a costly function returned when it last was executed.
    pub(super) fn last_returned(&self, function: (u32, FunctionId)) -> Option<Value> {
        self.costly.get(&function)?.returned.clone()
    }

    /// The steps of a whole run that no module has a share of.
    pub(super) fn fill_pool(&mut self) {
        let lines: u32 = self.files.iter().map(|of| of.file.lines).fold(0, u32::saturating_add);
        self.pool = POOL.saturating_add(lines.saturating_mul(10));
    }
}
