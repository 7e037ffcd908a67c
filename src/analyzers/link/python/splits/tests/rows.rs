//! What the rows say.
