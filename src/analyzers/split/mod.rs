//! One structured body form for both languages → blocks, liveness, suspension points.
