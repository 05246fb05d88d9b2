//! The workspace's shape, and that the testkit's own oracles and fixtures work.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests fail loudly")]

mod architecture;
mod build;
mod committed;
mod laws;
mod licences;
mod peers;
