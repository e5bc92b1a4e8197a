import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { platformLine } from './platform-line.ts'
import {
  codeDirectory,
  defaultInputDirectory,
  defaultOutputDirectory,
  hostName,
  instanceName,
  logFileName,
  taskId,
} from './task-names.ts'

describe('names of a task', () => {
  it('are those of the contract', () => {
    assert.equal(taskId('worker', 2), 'worker-2')
    assert.equal(instanceName('j', 'worker', 1), 'modelarts-job-j-worker-1')
    assert.equal(hostName('j', 'ps', 0), 'modelarts-job-j-ps-0.modelarts-job-j')
    assert.equal(logFileName('j', 'worker-0'), 'modelarts-job-j-worker-0.log')
    assert.equal(defaultInputDirectory('data_url', 0), '/home/ma-user/modelarts/inputs/data_url_0')
    assert.equal(defaultOutputDirectory('train_url', 1), '/home/ma-user/modelarts/outputs/train_url_1')
  })

  it('put code in a directory named after the last segment', () => {
    const base = '/home/ma-user/modelarts/user-job-dir'
    assert.equal(codeDirectory('/bucket/a/code/'), `${base}/code`)
    assert.equal(codeDirectory('obs://bucket/code'), `${base}/code`)
    assert.equal(codeDirectory('/bucket/a/../'), `${base}/a`)
    assert.equal(codeDirectory(''), base)
  })
})

describe('a platform line', () => {
  it('has one shape, in UTC, and is one line', () => {
    const time = Date.UTC(2030, 2, 1, 10, 2, 8, 207)
    const expected = '[ModelArts Service Log][INFO][2030/03/01 10:02:08,207] two lines\n'
    assert.equal(platformLine('INFO', 'two\n lines', time), expected)
  })
})
