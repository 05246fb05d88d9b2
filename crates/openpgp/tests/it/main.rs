//! Signing and judging, against real peers.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod agreement;
mod arbitrary;
mod certificates;
mod detached;
mod edit;
mod history;
mod judging;
mod profiles;
mod reading;
mod signing;
mod stored;
