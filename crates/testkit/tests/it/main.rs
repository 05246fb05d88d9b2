//! The workspace's shape, and that the testkit's own oracles and fixtures work.

mod build;
mod committed;
mod peers;
