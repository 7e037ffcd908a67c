//! The screens of the workbench.

/// One screen. The order is that of the tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum View {
    Project,
    Source,
    Registries,
    Schemas,
    Calls,
    Splits,
    Flows,
    Tasks,
    Runs,
    Patterns,
    Diagnostics,
    Help,
}

impl View {
    pub const ALL: [Self; 12] = [
        Self::Project,
        Self::Source,
        Self::Registries,
        Self::Schemas,
        Self::Calls,
        Self::Splits,
        Self::Flows,
        Self::Tasks,
        Self::Runs,
        Self::Patterns,
        Self::Diagnostics,
        Self::Help,
    ];

    /// The name in commands (`view.calls`), in the configuration and in `metascope frame`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Source => "source",
            Self::Registries => "registries",
            Self::Schemas => "schemas",
            Self::Calls => "calls",
            Self::Splits => "splits",
            Self::Flows => "flows",
            Self::Tasks => "tasks",
            Self::Runs => "runs",
            Self::Patterns => "patterns",
            Self::Diagnostics => "diagnostics",
            Self::Help => "help",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }

    /// The tab's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Project => "Project",
            Self::Source => "Source",
            Self::Registries => "Registries",
            Self::Schemas => "Schemas",
            Self::Calls => "Calls",
            Self::Splits => "Splits",
            Self::Flows => "Flows",
            Self::Tasks => "Tasks",
            Self::Runs => "Runs",
            Self::Patterns => "Patterns",
            Self::Diagnostics => "Diagnostics",
            Self::Help => "Help",
        }
    }

    /// The title where cells are scarce.
    pub fn short_title(self) -> &'static str {
        match self {
            Self::Project => "Proj",
            Self::Source => "Src",
            Self::Registries => "Regs",
            Self::Schemas => "Sch",
            Self::Diagnostics => "Diag",
            Self::Patterns => "Pat",
            Self::Flows => "Flow",
            other => other.title(),
        }
    }

    pub fn index(self) -> usize {
        self as usize
    }
}
