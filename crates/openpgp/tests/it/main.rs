//! Signing and judging, against real peers.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod judging;
mod signing;
