//! Signing and judging, against real peers.

mod judging;
mod signing;
