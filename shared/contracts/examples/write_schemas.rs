//! Writes the JSON Schema of every event type into the `schemas` folder, and removes those of types that are gone, but
//! for what was released:
//! `cargo run -p semel-contracts --features schema --example write_schemas`

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use semel_contracts::schema;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let mut current = HashSet::new();
    for file in schema::files() {
        let path = root.join(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if fs::read_to_string(&path).ok().as_deref() != Some(file.text.as_str()) {
            fs::write(&path, &file.text)?;
            println!("wrote {}", file.path);
        }
        current.insert(path);
    }
    let released = root.join("released");
    let is_stale = |path: &PathBuf| !current.contains(path) && !path.starts_with(&released);
    for stale in json_files(&root)?.into_iter().filter(is_stale) {
        fs::remove_file(&stale)?;
        println!("removed {}", stale.strip_prefix(&root).unwrap_or(&stale).display());
    }
    Ok(())
}

/// Every JSON file at any depth under `folder`.
fn json_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(json_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    Ok(found)
}
