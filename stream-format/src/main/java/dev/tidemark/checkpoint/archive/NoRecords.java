// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.archive;

/// Takes records and does nothing: for those that only want to know whether they are right.
enum NoRecords implements RecordParser.Visitor {
  INSTANCE;

  @Override
  public void data(int ramBlock, long pageOffset, long page, int data) {}

  @Override
  public void zero(int ramBlock, long pageOffset, long page) {}
}
