//! `man/` is what the command definitions say.

use std::collections::BTreeMap;
use std::path::Path;

use crate::run::pkgseal;

#[test]
fn committed_pages_are_current() {
    let fresh = tempfile::tempdir().unwrap();
    let run = pkgseal(["man", "--output"]).arg(fresh.path()).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../man");
    assert_eq!(
        pages(fresh.path()),
        pages(&committed),
        "man/ is stale; rewrite it with: cargo run -p pkgseal -- man --output man"
    );
}

fn pages(directory: &Path) -> BTreeMap<String, String> {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}
