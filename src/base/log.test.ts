import { describe, expect, it, vi } from 'vitest';
import { createLogger, formatText } from './log.ts';

describe('formatText', () => {
  it('is one line, with quotes around values that need them', () => {
    const line = formatText(new Date(2026, 0, 2, 3, 4, 5), 'warn', 'worker ended', {
      worker: 7,
      reason: 'exit code 1',
    });
    expect(line).toBe('03:04:05 warn  worker ended worker=7 reason="exit code 1"\n');
  });
});

describe('createLogger on a terminal', () => {
  it('writes from its level on, and no control characters', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const logger = createLogger({ level: 'warn', role: 'test' }, true);
    logger.info('below');
    logger.warn('bad\x1b[2J', { target: '/\r\nforged line' });
    const written = write.mock.calls.map(([text]) => String(text));
    write.mockRestore();
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/warn {2}bad\\x1b\[2J target="\/\\x0d\\x0aforged line"\n$/);
  });
});
