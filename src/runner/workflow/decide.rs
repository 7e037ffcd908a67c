//! What to do with a step once all before it are settled: run it, skip it and why, or fail it.
//! Pure: it sees states and values only.

use serde_json::{Map, Value};

use super::terms::{Trouble, evaluate, is_true};
use crate::model::{Name, NodeRun, NodeState, RunError, RunStatus, StepEdgeKind, Term, Workflow};

/// A workflow's run so far.
pub struct Course<'a> {
    pub workflow: &'a Workflow,
    pub input: &'a Value,
    pub schema: &'a Value,
    pub nodes: Vec<NodeRun>,
    /// Why each skipped step was.
    skips: Vec<Option<Skip>>,
    /// Steps that failed, in the order in which they did.
    failures: Vec<usize>,
}

/// Why a step is not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skip {
    NoError,
    ConditionFalse,
    ConditionNeeds(Name),
    Upstream(Name),
}

impl std::fmt::Display for Skip {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoError => formatter.write_str("no error"),
            Self::ConditionFalse => formatter.write_str("condition false"),
            Self::ConditionNeeds(step) => write!(formatter, "condition needs {step}"),
            Self::Upstream(step) => write!(formatter, "upstream {step}"),
        }
    }
}

#[derive(Debug, PartialEq)]
pub enum Verdict {
    Run(Value),
    Skip(Skip),
    /// Its condition or an argument could not be evaluated.
    Fail(RunError),
}

impl<'a> Course<'a> {
    pub fn new(workflow: &'a Workflow, input: &'a Value, schema: &'a Value) -> Self {
        let count = workflow.steps.len();
        Self {
            workflow,
            input,
            schema,
            nodes: vec![NodeRun::default(); count],
            skips: vec![None; count],
            failures: Vec::new(),
        }
    }

    /// An argument of the workflow: as given, else its default.
    pub fn parameter(&self, name: &str) -> Option<&Value> {
        let default = || self.schema.get("properties")?.get(name)?.get("default");
        self.input.get(name).or_else(default)
    }

    /// The first of the failures that the handler around a step protects from.
    pub fn first_failure(&self, step: usize) -> Option<usize> {
        let protects = &self.workflow.steps[step].protects;
        self.failures.iter().copied().find(|failed| protects.contains(failed))
    }

    /// The steps that wait for nothing more, and are neither under way nor settled.
    pub fn ready(&self) -> Vec<usize> {
        let is_ready = |step: &usize| {
            self.nodes[*step].state == NodeState::Pending
                && self.before(*step).all(|(from, _)| is_settled(self.nodes[from].state))
        };
        (0..self.nodes.len()).filter(is_ready).collect()
    }

    fn before(&self, step: usize) -> impl Iterator<Item = (usize, StepEdgeKind)> {
        let edges = self.workflow.edges.iter().filter(move |edge| edge.to == step);
        edges.map(|edge| (edge.from, edge.kind))
    }

    /// Judges a step all of whose predecessors are settled.
    pub fn judge(&self, at: usize) -> Verdict {
        let step = &self.workflow.steps[at];
        let id = |step: usize| self.workflow.steps[step].id.clone();
        if step.handler.is_some() && self.first_failure(at).is_none() {
            return Verdict::Skip(Skip::NoError);
        }
        for condition in &step.conditions {
            match evaluate(self, condition, Some(at)) {
                Ok(value) if is_true(&value) => {}
                Ok(_) => return Verdict::Skip(Skip::ConditionFalse),
                Err(Trouble::Needs(step)) => return Verdict::Skip(Skip::ConditionNeeds(id(step))),
                Err(Trouble::Broken(error)) => return Verdict::Fail(error),
            }
        }
        let is_missing = |(from, kind): &(usize, StepEdgeKind)| {
            *kind == StepEdgeKind::Data && self.nodes[*from].state != NodeState::Success
        };
        if let Some((from, _)) = self.before(at).find(is_missing) {
            return Verdict::Skip(Skip::Upstream(id(from)));
        }
        let stops = |(from, kind): &(usize, StepEdgeKind)| {
            *kind == StepEdgeKind::Order
                && self.stops_later(*from)
                && !step.conditions.iter().any(|condition| names(condition, *from))
        };
        if let Some((from, _)) = self.before(at).find(stops) {
            return Verdict::Skip(Skip::Upstream(id(from)));
        }
        let value = |(name, term): &(Name, Term)| {
            evaluate(self, term, Some(at)).map(|value| (name.to_string(), value))
        };
        match step.args.iter().map(value).collect::<Result<Map<_, _>, _>>() {
            Ok(input) => Verdict::Run(Value::Object(input)),
            Err(Trouble::Needs(step)) => Verdict::Skip(Skip::Upstream(id(step))),
            Err(Trouble::Broken(error)) => Verdict::Fail(error),
        }
    }

    /// A failure stops what is ordered after it, also through what it caused to be skipped; a
    /// condition that does not hold stops nothing.
    fn stops_later(&self, step: usize) -> bool {
        self.nodes[step].state == NodeState::Failed
            || matches!(self.skips[step], Some(Skip::Upstream(_) | Skip::ConditionNeeds(_)))
    }

    pub fn skip(&mut self, step: usize, why: Skip) {
        self.nodes[step].state = NodeState::Skipped;
        self.nodes[step].reason = Some(why.to_string());
        self.skips[step] = Some(why);
    }

    pub fn fail(&mut self, step: usize, error: RunError) {
        self.nodes[step].state = NodeState::Failed;
        self.nodes[step].error = Some(error);
        self.failures.push(step);
    }

    /// What the run as a whole came to.
    pub fn status(&self) -> RunStatus {
        if self.nodes.iter().any(|node| node.state == NodeState::Cancelled) {
            RunStatus::Cancelled
        } else if self.failures.is_empty() {
            RunStatus::Succeeded
        } else if self.unhandled().is_none() {
            RunStatus::Handled
        } else {
            RunStatus::Failed
        }
    }

    /// The first failure that no handler met.
    pub fn unhandled(&self) -> Option<usize> {
        let is_met = |failed: usize| {
            let handlers =
                self.workflow.steps.iter().filter(|step| step.protects.contains(&failed));
            let mut handlers = handlers.filter_map(|step| step.handler);
            handlers.any(|handler| self.handler_worked(handler))
        };
        self.failures.iter().copied().find(|failed| !is_met(*failed))
    }

    fn handler_worked(&self, handler: usize) -> bool {
        let steps = self.workflow.steps.iter().zip(&self.nodes);
        let states = steps.filter(|(step, _)| step.handler == Some(handler)).map(|(_, node)| node);
        let states: Vec<NodeState> = states.map(|node| node.state).collect();
        states.contains(&NodeState::Success) && !states.contains(&NodeState::Failed)
    }
}

fn is_settled(state: NodeState) -> bool {
    !matches!(state, NodeState::Pending | NodeState::Running)
}

/// Whether a condition names a step.
fn names(term: &Term, step: usize) -> bool {
    match term {
        Term::Output { step: named, .. } | Term::Error { step: named, .. } => *named == step,
        Term::Success(named) | Term::Failed(named) => *named == step,
        Term::List(parts) | Term::And(parts) | Term::Or(parts) => {
            parts.iter().any(|part| names(part, step))
        }
        Term::Dict(pairs) => pairs.iter().any(|(_, part)| names(part, step)),
        Term::Not(inner) => names(inner, step),
        Term::Compare { left, right, .. } => names(left, step) || names(right, step),
        Term::Const(_) | Term::Param { .. } | Term::CurrentError { .. } | Term::Invalid(_) => false,
    }
}
