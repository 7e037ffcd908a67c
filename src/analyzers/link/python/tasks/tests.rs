//! Task discovery by mechanism.
