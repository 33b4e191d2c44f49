// Of the package pg: what is used here.
declare module 'pg' {
  interface Result {
    // biome-ignore lint/suspicious/noExplicitAny: whatever was selected
    rows: any[];
    rowCount: number | null;
  }
  class Pool {
    constructor(options: Record<string, unknown>);
    query(text: string, values?: unknown[]): Promise<Result>;
    on(event: 'error', listener: (error: Error) => void): this;
    end(): Promise<void>;
  }
  const pg: { Pool: typeof Pool };
  export default pg;
}
