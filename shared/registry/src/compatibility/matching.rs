//! Which alternative of one list goes with which of another, so that as many as possible have a partner.

/// Pairs the rows with columns, each with at most one: for each row its column. `edges` holds for each row the columns
/// that it may go with, the best first. By augmenting paths, so that no other pairing has more pairs.
pub(super) fn largest(edges: &[Vec<usize>], columns: usize) -> Vec<Option<usize>> {
    let mut taken: Vec<Option<usize>> = vec![None; columns];
    for row in 0..edges.len() {
        place(row, edges, &mut vec![false; columns], &mut taken);
    }
    let mut partners = vec![None; edges.len()];
    for (column, row) in taken.into_iter().enumerate() {
        if let Some(row) = row {
            partners[row] = Some(column);
        }
    }
    partners
}

/// Finds a place for a row, if need be by moving those that have one.
fn place(row: usize, edges: &[Vec<usize>], visited: &mut [bool], taken: &mut [Option<usize>]) -> bool {
    for &column in &edges[row] {
        if visited[column] {
            continue;
        }
        visited[column] = true;
        if taken[column].is_none_or(|other| place(other, edges, visited, taken)) {
            taken[column] = Some(row);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_moves_for_another_that_has_no_choice() {
        assert_eq!(largest(&[vec![0, 1], vec![0]], 2), [Some(1), Some(0)]);
        assert_eq!(largest(&[vec![0, 1], vec![0], vec![1, 2]], 3), [Some(1), Some(0), Some(2)]);
    }

    #[test]
    fn the_best_is_taken_where_all_have_a_place() {
        assert_eq!(largest(&[vec![1, 0], vec![0, 1]], 2), [Some(1), Some(0)]);
    }

    #[test]
    fn who_has_no_edge_has_no_partner() {
        assert_eq!(largest(&[vec![], vec![0]], 1), [None, Some(0)]);
        assert_eq!(largest(&[], 0), []);
    }
}
