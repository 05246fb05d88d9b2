//! Signing and judging, against real peers.

mod signing;
