//! `pkgseal`: who shipped this, and is it intact?
//!
//! The way through: [`args`] says what was typed, [`context`] what it means, one file in
//! [`commands`] makes one library call, [`report`] prints the result. Exit status: 0
//! accepted or done, 1 rejected, 2 could not decide.

mod args;
mod commands;
mod consumers;
mod context;
mod failure;
mod kind;
mod manual;
mod progress;
mod report;

use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = match args::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => return failure::usage(&usage),
    };
    // The one place where the clock is read; `--time` takes precedence everywhere.
    let clock = SystemTime::now();
    match commands::run(arguments, clock) {
        Ok(status) => status,
        Err(error) => failure::report(&error),
    }
}
