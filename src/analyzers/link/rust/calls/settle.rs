//! Which implementation each trait method means, once all of a body is inferred.

use super::super::world::Id;
use super::infer::{Event, Inference, Target};
use super::types::{T, Types};
use crate::model::Certainty;

impl Inference<'_, '_, '_> {
    /// Decides which implementation each trait method means, now that all is inferred.
    pub(super) fn finish(mut self) -> Vec<Event> {
        let events = std::mem::take(&mut self.events);
        let mut done = Vec::with_capacity(events.len());
        for event in events {
            match event.target {
                Target::Method { function, trait_, args, own, certainty } => {
                    let target = self.implementation(function, trait_, &args, &own, certainty);
                    done.push(Event { target, ..event });
                }
                _ => done.push(event),
            }
        }
        done
    }

    fn implementation(
        &mut self,
        function: u32,
        trait_: u32,
        args: &Types,
        own: &T,
        certainty: Certainty,
    ) -> Target {
        let ty = self.solver.resolve(own);
        let name = self.tables.short(function);
        let answer = |function, own: Certainty, why| Target::Function {
            function,
            certainty: own.max(certainty),
            why,
        };
        match &ty {
            T::Var(_) | T::Unknown => {
                return answer(function, Certainty::Possible, "the receiver's type is not known");
            }
            T::Param(_) | T::Proj(_) | T::Impl(_) => {
                return answer(function, Certainty::Inferred, "through a bound");
            }
            T::Dyn(bounds) if bounds.iter().any(|bound| bound.trait_ == trait_) => {
                return answer(function, Certainty::Inferred, "dynamic dispatch");
            }
            _ => {}
        }
        let args: Types = args.iter().map(|arg| self.solver.resolve(arg)).collect();
        let Some((found, _)) = self.solver.select(&ty, trait_, &args, 0) else {
            if matches!(ty, T::Dyn(_)) {
                return answer(function, Certainty::Inferred, "dynamic dispatch");
            }
            return match self.only_implementation(&ty, trait_, name) {
                Some(only) => answer(only, Certainty::Inferred, "the type's implementation"),
                None => answer(function, Certainty::Exact, "trait method"),
            };
        };
        match self.tables.impls[found as usize].methods.get(&name) {
            Some(own) => answer(*own, Certainty::Exact, "implementation"),
            None => answer(function, Certainty::Exact, "default method"),
        }
    }

    /// The method of a type's implementations of a trait when none of them could be shown to hold
    /// and all go by one name: what is not known of its parameters does not matter then.
    fn only_implementation(&self, ty: &T, trait_: u32, name: Id) -> Option<u32> {
        let tables = self.tables;
        let own = tables.of_trait.get(&(trait_, ty.head()?))?;
        let methods = own.iter().map(|id| tables.impls[*id as usize].methods.get(&name).copied());
        let methods: Option<Vec<u32>> = methods.collect();
        let methods = methods?;
        let first = *methods.first()?;
        let is_same = methods.iter().all(|other| tables.name(*other) == tables.name(first));
        (is_same && !tables.is_std_function(first)).then_some(first)
    }
}
