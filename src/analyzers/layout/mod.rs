//! Graph → coordinates: a layered layout without any UI.
