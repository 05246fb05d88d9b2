//! `pkgseal key rotate`: what [`pkgseal_keyring::rotate`] decides, composed with the formats.

mod announce;
mod apt;
mod held;
mod keyrings;
mod maven;
mod plan;
mod predict;
mod show;
mod sight;
mod status;
mod step;
mod yum;

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use pkgseal_keyring::rotate::Plan;
use pkgseal_repo::Limits;

use crate::args::KeyRotate;

pub(super) fn run(command: &KeyRotate, clock: SystemTime) -> Result<ExitCode> {
    match command {
        KeyRotate::Plan(arguments) => plan::run(arguments, clock),
        KeyRotate::Step(arguments) => step::run(arguments, clock),
        KeyRotate::Status(arguments) => status::run(arguments, clock),
    }
}

fn read_plan(file: &Path) -> Result<Plan> {
    let bytes = pkgseal_repo::read_file(file, Limits::default().certificates)?;
    let named = || format!("cannot use {}", file.display());
    let text = String::from_utf8(bytes).with_context(named)?;
    Plan::read(&text).with_context(named)
}
