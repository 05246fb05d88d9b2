//! Keys that are no files, through the command.

mod adopt;
mod command;
mod objects;
mod token;
