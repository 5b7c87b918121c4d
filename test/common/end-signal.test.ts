import t from 'tap'
import { End, type EndSignal } from '../../src/common/end-signal.js'

void t.test('listeners are called once, unless they were removed', async t => {
  const end = new End()
  const told: string[] = []
  const first = (): void => {
    told.push('first')
  }
  const second = (): void => {
    told.push('second')
  }
  end.addEventListener('abort', first)
  end.addEventListener('abort', second)
  end.removeEventListener('abort', first)
  end.removeEventListener('abort', () => undefined)
  t.equal(end.aborted, false)
  end.abort()
  end.abort()
  t.equal(end.aborted, true)
  t.same(told, ['second'])
  end.addEventListener('abort', first)
  t.same(told, ['second'], 'what has ended tells nobody any more')
})

void t.test('a listener may remove other listeners, or add some', async t => {
  const end = new End()
  const told: string[] = []
  const later = (): void => {
    told.push('later')
  }
  end.addEventListener('abort', () => {
    told.push('first')
    end.removeEventListener('abort', later)
    end.addEventListener('abort', later)
  })
  end.addEventListener('abort', later)
  end.abort()
  t.same(told, ['first', 'later'], 'as with what was listening when it ended')
})

void t.test('an AbortSignal is one', async t => {
  const controller = new AbortController()
  const signal: EndSignal = controller.signal
  let told = 0
  signal.addEventListener(
    'abort',
    () => {
      told++
    },
    { once: true },
  )
  controller.abort()
  t.equal(told, 1)
})
