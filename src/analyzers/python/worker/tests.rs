//! Slices and workers, run for real.
