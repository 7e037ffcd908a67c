//! Intent as data: what happened ([`Action`]), what the shell must do ([`Effect`]), and what a
//! cell on the screen stands for ([`Hit`]).

use std::path::PathBuf;
use std::sync::Arc;

use super::key::Key;
use super::links::Place;
use super::texts::Highlighted;
use super::toast::Level;
use super::view::View;
use crate::model::expansion::{Expansion, ExpansionRefusal, ExpansionRequest};
use crate::model::{
    Change, ItemRun, Name, Project, RunEvent, RunId, RunRecord, RunRequest, StepCommand, StepEvent,
    Task, Worker,
};

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Action {
    Key(Key),
    Paste(String),
    Mouse(Mouse, Hit),
    Resize(u16, u16),
    /// A command by its id: from the palette, help, a click or a test.
    Command(&'static str),
    /// The pause after the first key of a sequence is over: show what may follow.
    HintDue,
    /// Time passed while something on the screen counts it.
    Tick,
    Progress {
        done: usize,
        total: usize,
    },
    Snapshot {
        project: Arc<Project>,
        change: Change,
    },
    /// How the directory is watched; `Some` when it is worth telling (polling).
    Watching(Option<String>),
    /// The project's directory went away.
    Gone(String),
    /// The compiler was asked for the calls, or has answered.
    Compiling(Compiling),
    Text {
        path: Name,
        text: Option<Arc<str>>,
    },
    Highlighted {
        key: Name,
        lines: Arc<Highlighted>,
    },
    RunStarted {
        id: RunId,
        request: RunRequest,
    },
    Run {
        id: RunId,
        event: RunEvent,
    },
    /// A run could not even be started.
    RunRefused {
        task: Name,
        reason: String,
    },
    /// The folder's code was never agreed to be run: what would run, and how it is asked for again.
    TrustWanted {
        what: Name,
        again: Box<Effect>,
    },
    /// What came of a call that is stepped through.
    Steps {
        session: u64,
        news: StepNews,
    },
    History(Vec<RunRecord>),
    /// An interrupted sweep goes on.
    SweepResumed(RunId),
    /// A recorded run that is a part of another.
    Part(Box<RunRecord>),
    /// The inputs of a recorded sweep, with what became of each.
    Items {
        sweep: RunId,
        items: Vec<ItemRun>,
    },
    /// A function that is no task, as one; or why it cannot be.
    Described {
        id: Name,
        task: Result<Box<Task>, String>,
    },
    Worker {
        task: Name,
        worker: Result<Arc<Worker>, String>,
    },
    /// What a macro of the source view becomes.
    Expanded {
        request: ExpansionRequest,
        answer: Result<Arc<Expansion>, ExpansionRefusal>,
    },
    Toast(Level, String),
    ToastDue(u64),
    /// The configuration file was read again.
    Config(Box<super::config::Config>),
}

/// How far the compiler is with the project's calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Compiling {
    /// It is not asked.
    #[default]
    Off,
    /// Crates that are done.
    Running(usize),
    /// The rows shown are its own, where the text has not changed since.
    Done,
    /// Why the rows are inferred.
    Failed(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    Click,
    DoubleClick,
    /// Rows, positive downwards.
    Wheel(i8),
    /// The button is held: the pointer's column and row.
    Drag(u16, u16),
    Release,
}

/// What a cell stands for; made by the code that draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hit {
    #[default]
    Nothing,
    Tab(View),
    /// A row of the main list.
    Row(usize),
    /// The fold mark of a row.
    Fold(usize),
    /// A line of the detail pane (an index into its lines).
    DetailLine(usize),
    /// Somewhere in the list or detail pane.
    List,
    Detail,
    /// The line between two panes.
    Divider,
    /// A step of the breadcrumb, from the oldest.
    Crumb(usize),
    /// A key hint in the footer or a button.
    Command(&'static str),
    /// A row of the open popup or palette.
    PopupRow(usize),
    Popup,
    /// Something only the view itself understands: a graph's box, a form's field.
    Item(usize),
}

/// A call of a split function to be executed block by block.
#[derive(Debug, Clone, PartialEq)]
pub struct StepsRequest {
    /// Tells its news from those of calls before.
    pub session: u64,
    /// Qualified name.
    pub function: Name,
    /// Arguments by parameter, `self` for the receiver.
    pub input: serde_json::Value,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum StepNews {
    Started,
    Event(Box<StepEvent>),
    /// The worker ended, with its last words.
    Ended(String),
    /// It could not even be started.
    Refused(String),
}

/// Something the shell must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask the compiler for the calls, if the folder is trusted.
    Compile,
    Quit,
    Suspend,
    /// Clear the terminal and draw everything again.
    Redraw,
    ReadText(Name),
    /// Find the roles of a text's tokens. `token` names its language: `python`, `rust`, `json` …
    Highlight {
        key: Name,
        token: Name,
        text: Arc<str>,
    },
    OpenEditor(Place),
    /// Open text that is no file of the project (a worker, a log) in the editor, read-only.
    OpenText {
        name: String,
        text: String,
    },
    Copy {
        text: String,
        what: String,
    },
    LoadHistory,
    /// Remember that code of this folder may be run.
    TrustFolder,
    StartRun(RunRequest),
    CancelRun(RunId),
    /// Run the inputs of a sweep that have not succeeded.
    ResumeSweep(RunId),
    /// Deliver [`Action::Part`] of a recorded run.
    LoadRun(RunId),
    /// Deliver [`Action::Items`] of a recorded sweep.
    LoadItems(RunId),
    StartSteps(StepsRequest),
    /// Tell the call that is stepped through how far to go.
    Step(StepCommand),
    /// End the call of this session with all it started.
    EndSteps(u64),
    GenerateWorker(Name),
    Expand(ExpansionRequest),
    /// Deliver [`Action::Described`]: a function that is no task, as one.
    DescribeTask(Name),
    /// Deliver [`Action::ToastDue`] later.
    ToastTimer {
        id: u64,
        milliseconds: u64,
    },
    /// Deliver [`Action::HintDue`] after the which-key pause.
    HintTimer,
    /// Write a file the user asked to export.
    Export {
        path: PathBuf,
        text: String,
    },
}
