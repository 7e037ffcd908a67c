//! Schemas by construct.
