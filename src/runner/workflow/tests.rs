use serde_json::json;

use super::decide::{Course, Skip, Verdict};
use crate::model::{NodeState, RunError, RunStatus, Step, StepEdge, StepEdgeKind, Term, Workflow};
use StepEdgeKind::{Control, Data, Error, Order};

/// Steps called `a`, `b`, …, with edges.
fn workflow(count: usize, edges: &[(usize, usize, StepEdgeKind)]) -> Workflow {
    let step = |at: usize| Step {
        id: char::from(b'a' + at as u8).to_string().into(),
        task: "m.t".into(),
        args: Vec::new(),
        conditions: Vec::new(),
        handler: None,
        protects: Vec::new(),
    };
    let edge = |&(from, to, kind): &(usize, usize, StepEdgeKind)| StepEdge { from, to, kind };
    Workflow {
        steps: (0..count).map(step).collect(),
        edges: edges.iter().map(edge).collect(),
        result: None,
    }
}

fn handles(workflow: &mut Workflow, step: usize, handler: usize, protects: &[usize]) {
    workflow.steps[step].handler = Some(handler);
    workflow.steps[step].protects = protects.into();
}

/// Runs it, the steps of `failing` failing, and tells each step's state and reason.
fn states(workflow: &Workflow, failing: &[usize]) -> (Vec<String>, RunStatus) {
    let (input, schema) = (json!({}), json!({}));
    let mut course = Course::new(workflow, &input, &schema);
    loop {
        let ready = course.ready();
        if ready.is_empty() {
            break;
        }
        for step in ready {
            match course.judge(step) {
                Verdict::Run(_) if failing.contains(&step) => {
                    course.fail(step, RunError { type_: "E".into(), ..RunError::default() });
                }
                Verdict::Run(_) => {
                    course.nodes[step].state = NodeState::Success;
                    course.nodes[step].output = Some(json!(step));
                }
                Verdict::Skip(why) => course.skip(step, why),
                Verdict::Fail(error) => course.fail(step, error),
            }
        }
    }
    let shown = course.nodes.iter().map(|node| match &node.reason {
        Some(reason) => reason.clone(),
        None => node.state.as_str().to_owned(),
    });
    (shown.collect(), course.status())
}

#[track_caller]
fn expect(workflow: &Workflow, failing: &[usize], expected: &[&str], status: RunStatus) {
    let (found, ended) = states(workflow, failing);
    assert_eq!(found, expected);
    assert_eq!(ended, status);
}

#[test]
fn a_failure_stops_what_comes_after_it_all_the_way() {
    let line = workflow(4, &[(0, 1, Data), (1, 2, Order), (2, 3, Order)]);
    expect(&line, &[], &["success"; 4], RunStatus::Succeeded);
    let all = ["failed", "upstream a", "upstream b", "upstream c"];
    expect(&line, &[0], &all, RunStatus::Failed);
}

#[test]
fn siblings_of_a_failed_branch_finish() {
    let fan = workflow(4, &[(0, 1, Data), (0, 2, Data), (1, 3, Data), (2, 3, Order)]);
    expect(&fan, &[2], &["success", "success", "failed", "upstream c"], RunStatus::Failed);
    expect(&fan, &[1], &["success", "failed", "success", "upstream b"], RunStatus::Failed);
}

#[test]
fn a_false_condition_stops_nothing_and_a_needed_output_does() {
    let mut flow = workflow(3, &[(0, 1, Control), (1, 2, Order)]);
    let output = Term::Output { step: 0, path: Vec::new() };
    let one = Box::new(Term::Const(json!(1)));
    let is_one = Term::Compare { left: Box::new(output), op: "==".into(), right: one };
    flow.steps[1].conditions = vec![is_one];
    expect(&flow, &[], &["success", "condition false", "success"], RunStatus::Succeeded);
    expect(&flow, &[0], &["failed", "condition needs a", "upstream b"], RunStatus::Failed);
}

#[test]
fn a_condition_on_failure_is_a_fallback() {
    let mut flow = workflow(3, &[(0, 1, Control), (1, 2, Order)]);
    flow.steps[1].conditions = vec![Term::Failed(0)];
    expect(&flow, &[0], &["failed", "success", "success"], RunStatus::Failed);
    expect(&flow, &[], &["success", "condition false", "success"], RunStatus::Succeeded);
}

#[test]
fn handlers_meet_failures_unless_they_fail_themselves() {
    let mut flow = workflow(4, &[(0, 1, Order), (0, 2, Error), (1, 2, Error), (2, 3, Order)]);
    handles(&mut flow, 2, 0, &[0, 1]);
    expect(&flow, &[], &["success", "success", "no error", "success"], RunStatus::Succeeded);
    expect(&flow, &[0], &["failed", "upstream a", "success", "success"], RunStatus::Handled);
    expect(&flow, &[0, 2], &["failed", "upstream a", "failed", "upstream c"], RunStatus::Failed);
    expect(&flow, &[3], &["success", "success", "no error", "failed"], RunStatus::Failed);
}

#[test]
fn the_current_error_is_the_first_that_the_handler_protects_from() {
    let mut flow = workflow(3, &[(0, 2, Error), (1, 2, Error)]);
    handles(&mut flow, 2, 0, &[0, 1]);
    let path = vec![json!("node")];
    flow.steps[2].args = vec![("who".into(), Term::CurrentError { path })];
    let (input, schema) = (json!({}), json!({}));
    let mut course = Course::new(&flow, &input, &schema);
    course.fail(1, RunError::default());
    course.fail(0, RunError::default());
    assert_eq!(course.judge(2), Verdict::Run(json!({"who": "b"})));
}

#[test]
fn what_cannot_be_evaluated_fails_its_step() {
    let mut flow = workflow(2, &[(0, 1, Data)]);
    let path = vec![json!("missing")];
    flow.steps[1].args = vec![("x".into(), Term::Output { step: 0, path })];
    expect(&flow, &[], &["success", "failed"], RunStatus::Failed);
    flow.steps[1].args = vec![("x".into(), Term::Param { name: "n".into(), path: Vec::new() })];
    let input = json!({});
    let schema = json!({"properties": {"n": {"default": 5}}});
    let mut course = Course::new(&flow, &input, &schema);
    course.nodes[0].state = NodeState::Success;
    assert_eq!(course.judge(1), Verdict::Run(json!({"x": 5})));
    course.skip(0, Skip::ConditionFalse);
    assert_eq!(course.judge(1), Verdict::Skip(Skip::Upstream("a".into())));
}
